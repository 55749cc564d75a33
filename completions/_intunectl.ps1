Register-ArgumentCompleter -Native -CommandName intunectl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # The words as they are typed: to evaluate them would be to carry out what is in $( ) and behind > at every TAB.
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object {
        if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
    })
    if ($wordToComplete) {
        $words += $wordToComplete
    } elseif ($PSVersionTable.PSVersion -lt '7.3') {
        # There, an empty argument is left out unless it is quoted twice.
        $words += '""'
    } else {
        $words += ''
    }

    $previous = $env:INTUNECTL_COMPLETE
    $env:INTUNECTL_COMPLETE = 'powershell'
    try {
        $lines = @(& intunectl -- @words)
    } finally {
        $env:INTUNECTL_COMPLETE = $previous
    }

    foreach ($line in $lines) {
        $value, $help = $line -split "`t", 2
        if (-not $help) { $help = $value }
        $text = if ($value -match '^[\w./\\:=~-]+$') { $value } else { "'" + $value.Replace("'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $help)
    }
}
