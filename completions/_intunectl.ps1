
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'intunectl' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'intunectl'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'intunectl' {
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The access token. Others on this machine may see it in the list of processes: prefer --token-file')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]')
            [CompletionResult]::new('--graph-url', '--graph-url', [CompletionResultType]::ParameterName, 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]')
            [CompletionResult]::new('--login-url', '--login-url', [CompletionResultType]::ParameterName, 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The version of the API')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one attempt may take; connecting has 10 s of it')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many attempts may follow the first')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('partner', 'partner', [CompletionResultType]::ParameterValue, 'The tenant''s remote assistance partners')
            [CompletionResult]::new('auth', 'auth', [CompletionResultType]::ParameterValue, 'The token that calls are made with')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print a completion script')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'A local stand-in for Graph, to rehearse against')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'intunectl;partner' {
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The access token. Others on this machine may see it in the list of processes: prefer --token-file')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]')
            [CompletionResult]::new('--graph-url', '--graph-url', [CompletionResultType]::ParameterName, 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]')
            [CompletionResult]::new('--login-url', '--login-url', [CompletionResultType]::ParameterName, 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The version of the API')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one attempt may take; connecting has 10 s of it')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many attempts may follow the first')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the partners')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show partners')
            [CompletionResult]::new('disconnect', 'disconnect', [CompletionResultType]::ParameterValue, 'Disconnect partners: remove their connectors from the tenant')
            [CompletionResult]::new('onboard', 'onboard', [CompletionResultType]::ParameterValue, 'Onboard partners: begin to set up their connectors')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'intunectl;partner;list' {
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The access token. Others on this machine may see it in the list of processes: prefer --token-file')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]')
            [CompletionResult]::new('--graph-url', '--graph-url', [CompletionResultType]::ParameterName, 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]')
            [CompletionResult]::new('--login-url', '--login-url', [CompletionResultType]::ParameterName, 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The version of the API')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one attempt may take; connecting has 10 s of it')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many attempts may follow the first')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'intunectl;partner;show' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Read IDs from this file too; `-` is standard input')
            [CompletionResult]::new('--from-file', '--from-file', [CompletionResultType]::ParameterName, 'Read IDs from this file too; `-` is standard input')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The access token. Others on this machine may see it in the list of processes: prefer --token-file')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]')
            [CompletionResult]::new('--graph-url', '--graph-url', [CompletionResultType]::ParameterName, 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]')
            [CompletionResult]::new('--login-url', '--login-url', [CompletionResultType]::ParameterName, 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The version of the API')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one attempt may take; connecting has 10 s of it')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many attempts may follow the first')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'intunectl;partner;disconnect' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Read IDs from this file too; `-` is standard input')
            [CompletionResult]::new('--from-file', '--from-file', [CompletionResultType]::ParameterName, 'Read IDs from this file too; `-` is standard input')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many partners may be worked on at once, 1 to 64')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'How many partners may be worked on at once, 1 to 64')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'The pace: no window of this length ever holds more requests than that, nor more than ten times as many with reads; `off` for none')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'After a 204, read the partner until it shows that it took effect, for this long [without a value: 5m]')
            [CompletionResult]::new('--resume', '--resume', [CompletionResultType]::ParameterName, 'Skip what an earlier run has done, by the records (-o ndjson) that it left in this file')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The access token. Others on this machine may see it in the list of processes: prefer --token-file')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]')
            [CompletionResult]::new('--graph-url', '--graph-url', [CompletionResultType]::ParameterName, 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]')
            [CompletionResult]::new('--login-url', '--login-url', [CompletionResultType]::ParameterName, 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The version of the API')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one attempt may take; connecting has 10 s of it')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many attempts may follow the first')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Read each partner and say what would happen; change nothing')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask first. It is asked only where standard input and standard error are a terminal')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask first. It is asked only where standard input and standard error are a terminal')
            [CompletionResult]::new('--fail-fast', '--fail-fast', [CompletionResultType]::ParameterName, 'Stop at the first failure')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'intunectl;partner;onboard' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Read IDs from this file too; `-` is standard input')
            [CompletionResult]::new('--from-file', '--from-file', [CompletionResultType]::ParameterName, 'Read IDs from this file too; `-` is standard input')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many partners may be worked on at once, 1 to 64')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'How many partners may be worked on at once, 1 to 64')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'The pace: no window of this length ever holds more requests than that, nor more than ten times as many with reads; `off` for none')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'After a 204, read the partner until it shows that it took effect, for this long [without a value: 5m]')
            [CompletionResult]::new('--resume', '--resume', [CompletionResultType]::ParameterName, 'Skip what an earlier run has done, by the records (-o ndjson) that it left in this file')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The access token. Others on this machine may see it in the list of processes: prefer --token-file')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]')
            [CompletionResult]::new('--graph-url', '--graph-url', [CompletionResultType]::ParameterName, 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]')
            [CompletionResult]::new('--login-url', '--login-url', [CompletionResultType]::ParameterName, 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The version of the API')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one attempt may take; connecting has 10 s of it')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many attempts may follow the first')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Read each partner and say what would happen; change nothing')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask first. It is asked only where standard input and standard error are a terminal')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask first. It is asked only where standard input and standard error are a terminal')
            [CompletionResult]::new('--fail-fast', '--fail-fast', [CompletionResultType]::ParameterName, 'Stop at the first failure')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'intunectl;partner;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the partners')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show partners')
            [CompletionResult]::new('disconnect', 'disconnect', [CompletionResultType]::ParameterValue, 'Disconnect partners: remove their connectors from the tenant')
            [CompletionResult]::new('onboard', 'onboard', [CompletionResultType]::ParameterValue, 'Onboard partners: begin to set up their connectors')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'intunectl;partner;help;list' {
            break
        }
        'intunectl;partner;help;show' {
            break
        }
        'intunectl;partner;help;disconnect' {
            break
        }
        'intunectl;partner;help;onboard' {
            break
        }
        'intunectl;partner;help;help' {
            break
        }
        'intunectl;auth' {
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The access token. Others on this machine may see it in the list of processes: prefer --token-file')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]')
            [CompletionResult]::new('--graph-url', '--graph-url', [CompletionResultType]::ParameterName, 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]')
            [CompletionResult]::new('--login-url', '--login-url', [CompletionResultType]::ParameterName, 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The version of the API')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one attempt may take; connecting has 10 s of it')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many attempts may follow the first')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in, and keep the sign-in in the system''s keyring')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show the token that a call would use: where it is from, for whom, and what it allows')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles in the system''s keyring')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Print the token that a call would use, renewed if need be')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Forget the profile''s sign-in')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'intunectl;auth;login' {
            [CompletionResult]::new('--client-id', '--client-id', [CompletionResultType]::ParameterName, 'The application to sign in with, a public client [default: the profile''s, else Microsoft Graph Command Line Tools]')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The access token. Others on this machine may see it in the list of processes: prefer --token-file')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]')
            [CompletionResult]::new('--graph-url', '--graph-url', [CompletionResultType]::ParameterName, 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]')
            [CompletionResult]::new('--login-url', '--login-url', [CompletionResultType]::ParameterName, 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The version of the API')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one attempt may take; connecting has 10 s of it')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many attempts may follow the first')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]')
            [CompletionResult]::new('--browser', '--browser', [CompletionResultType]::ParameterName, 'Sign in with a browser on this machine')
            [CompletionResult]::new('--device-code', '--device-code', [CompletionResultType]::ParameterName, 'Sign in with a code, typed into a page on any device')
            [CompletionResult]::new('--with-token', '--with-token', [CompletionResultType]::ParameterName, 'Keep an access token from standard input')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'intunectl;auth;status' {
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The access token. Others on this machine may see it in the list of processes: prefer --token-file')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]')
            [CompletionResult]::new('--graph-url', '--graph-url', [CompletionResultType]::ParameterName, 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]')
            [CompletionResult]::new('--login-url', '--login-url', [CompletionResultType]::ParameterName, 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The version of the API')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one attempt may take; connecting has 10 s of it')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many attempts may follow the first')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'intunectl;auth;list' {
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The access token. Others on this machine may see it in the list of processes: prefer --token-file')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]')
            [CompletionResult]::new('--graph-url', '--graph-url', [CompletionResultType]::ParameterName, 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]')
            [CompletionResult]::new('--login-url', '--login-url', [CompletionResultType]::ParameterName, 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The version of the API')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one attempt may take; connecting has 10 s of it')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many attempts may follow the first')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'intunectl;auth;token' {
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The access token. Others on this machine may see it in the list of processes: prefer --token-file')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]')
            [CompletionResult]::new('--graph-url', '--graph-url', [CompletionResultType]::ParameterName, 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]')
            [CompletionResult]::new('--login-url', '--login-url', [CompletionResultType]::ParameterName, 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The version of the API')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one attempt may take; connecting has 10 s of it')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many attempts may follow the first')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'intunectl;auth;logout' {
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The access token. Others on this machine may see it in the list of processes: prefer --token-file')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]')
            [CompletionResult]::new('--graph-url', '--graph-url', [CompletionResultType]::ParameterName, 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]')
            [CompletionResult]::new('--login-url', '--login-url', [CompletionResultType]::ParameterName, 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The version of the API')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one attempt may take; connecting has 10 s of it')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many attempts may follow the first')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Forget the sign-ins of all profiles')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'intunectl;auth;help' {
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in, and keep the sign-in in the system''s keyring')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show the token that a call would use: where it is from, for whom, and what it allows')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles in the system''s keyring')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Print the token that a call would use, renewed if need be')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Forget the profile''s sign-in')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'intunectl;auth;help;login' {
            break
        }
        'intunectl;auth;help;status' {
            break
        }
        'intunectl;auth;help;list' {
            break
        }
        'intunectl;auth;help;token' {
            break
        }
        'intunectl;auth;help;logout' {
            break
        }
        'intunectl;auth;help;help' {
            break
        }
        'intunectl;completion' {
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The access token. Others on this machine may see it in the list of processes: prefer --token-file')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]')
            [CompletionResult]::new('--graph-url', '--graph-url', [CompletionResultType]::ParameterName, 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]')
            [CompletionResult]::new('--login-url', '--login-url', [CompletionResultType]::ParameterName, 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The version of the API')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one attempt may take; connecting has 10 s of it')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many attempts may follow the first')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'intunectl;sandbox' {
            [CompletionResult]::new('--partners', '--partners', [CompletionResultType]::ParameterName, 'How many partners there are')
            [CompletionResult]::new('--latency', '--latency', [CompletionResultType]::ParameterName, 'How long each answer takes')
            [CompletionResult]::new('--throttle', '--throttle', [CompletionResultType]::ParameterName, 'Throttle writes beyond this, and all requests beyond ten times this; `off` for never')
            [CompletionResult]::new('--fail', '--fail', [CompletionResultType]::ParameterName, 'Answer every POST for this ID with this HTTP status (may be repeated)')
            [CompletionResult]::new('--approve-after', '--approve-after', [CompletionResultType]::ParameterName, 'How long until a sign-in is approved by itself')
            [CompletionResult]::new('--token-lifetime', '--token-lifetime', [CompletionResultType]::ParameterName, 'How long the tokens of a sign-in live; at least 1s')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port to listen on; 0 for any that is free')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'The access token. Others on this machine may see it in the list of processes: prefer --token-file')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]')
            [CompletionResult]::new('--graph-url', '--graph-url', [CompletionResultType]::ParameterName, 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]')
            [CompletionResult]::new('--login-url', '--login-url', [CompletionResultType]::ParameterName, 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The version of the API')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written [env: INTUNECTL_OUTPUT] [default: text]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one attempt may take; connecting has 10 s of it')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many attempts may follow the first')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No summary, no progress, no warnings; errors stay')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'intunectl;help' {
            [CompletionResult]::new('partner', 'partner', [CompletionResultType]::ParameterValue, 'The tenant''s remote assistance partners')
            [CompletionResult]::new('auth', 'auth', [CompletionResultType]::ParameterValue, 'The token that calls are made with')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print a completion script')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'A local stand-in for Graph, to rehearse against')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'intunectl;help;partner' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the partners')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show partners')
            [CompletionResult]::new('disconnect', 'disconnect', [CompletionResultType]::ParameterValue, 'Disconnect partners: remove their connectors from the tenant')
            [CompletionResult]::new('onboard', 'onboard', [CompletionResultType]::ParameterValue, 'Onboard partners: begin to set up their connectors')
            break
        }
        'intunectl;help;partner;list' {
            break
        }
        'intunectl;help;partner;show' {
            break
        }
        'intunectl;help;partner;disconnect' {
            break
        }
        'intunectl;help;partner;onboard' {
            break
        }
        'intunectl;help;auth' {
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in, and keep the sign-in in the system''s keyring')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show the token that a call would use: where it is from, for whom, and what it allows')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles in the system''s keyring')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Print the token that a call would use, renewed if need be')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Forget the profile''s sign-in')
            break
        }
        'intunectl;help;auth;login' {
            break
        }
        'intunectl;help;auth;status' {
            break
        }
        'intunectl;help;auth;list' {
            break
        }
        'intunectl;help;auth;token' {
            break
        }
        'intunectl;help;auth;logout' {
            break
        }
        'intunectl;help;completion' {
            break
        }
        'intunectl;help;sandbox' {
            break
        }
        'intunectl;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
