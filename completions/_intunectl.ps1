Register-ArgumentCompleter -Native -CommandName intunectl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # The words as typed: evaluating them would execute $( ) and > at every TAB.
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object {
        if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
    })
    if ($wordToComplete) {
        $words += $wordToComplete
    } elseif ($PSVersionTable.PSVersion -lt '7.3') {
        # Older versions omit an empty argument unless it is quoted twice.
        $words += '""'
    } else {
        $words += ''
    }

    # There may be variables before the command and options after the cursor.
    $behind = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -ge $cursorPosition })
    $isUnclear = $commandAst.Extent.StartOffset -gt 0 -or $behind.Count -gt 0

    $previous = $env:INTUNECTL_COMPLETE, $env:INTUNECTL_COMPLETE_NO_LOOKUP
    $env:INTUNECTL_COMPLETE = 'powershell'
    if ($isUnclear) { $env:INTUNECTL_COMPLETE_NO_LOOKUP = '1' }
    try {
        $lines = @(& intunectl -- @words)
    } finally {
        $env:INTUNECTL_COMPLETE, $env:INTUNECTL_COMPLETE_NO_LOOKUP = $previous
    }

    foreach ($line in $lines) {
        $value, $help = $line -split "`t", 2
        if (-not $help) { $help = $value }
        $text = if ($value -match '^[\w./\\:=~-]+$') { $value } else { "'" + $value.Replace("'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $help)
    }
}
