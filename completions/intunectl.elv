
use builtin;
use str;

set edit:completion:arg-completer[intunectl] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'intunectl'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'intunectl'= {
            cand --token 'The access token. Others on this machine may see it in the list of processes: prefer --token-file'
            cand --token-file 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]'
            cand --profile 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]'
            cand --tenant 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against'
            cand --cloud 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]'
            cand --graph-url 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]'
            cand --login-url 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]'
            cand --api-version 'The version of the API'
            cand -o 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --output 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --color 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]'
            cand --timeout 'How long one attempt may take; connecting has 10 s of it'
            cand --retries 'How many attempts may follow the first'
            cand --ca-cert 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]'
            cand -q 'No summary, no progress, no warnings; errors stay'
            cand --quiet 'No summary, no progress, no warnings; errors stay'
            cand -v 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand --verbose 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand partner 'The tenant''s remote assistance partners'
            cand auth 'The token that calls are made with'
            cand completion 'Print a completion script'
            cand sandbox 'A local stand-in for Graph, to rehearse against'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'intunectl;partner'= {
            cand --token 'The access token. Others on this machine may see it in the list of processes: prefer --token-file'
            cand --token-file 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]'
            cand --profile 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]'
            cand --tenant 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against'
            cand --cloud 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]'
            cand --graph-url 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]'
            cand --login-url 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]'
            cand --api-version 'The version of the API'
            cand -o 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --output 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --color 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]'
            cand --timeout 'How long one attempt may take; connecting has 10 s of it'
            cand --retries 'How many attempts may follow the first'
            cand --ca-cert 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]'
            cand -q 'No summary, no progress, no warnings; errors stay'
            cand --quiet 'No summary, no progress, no warnings; errors stay'
            cand -v 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand --verbose 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand list 'List the partners'
            cand show 'Show partners'
            cand disconnect 'Disconnect partners: remove their connectors from the tenant'
            cand onboard 'Onboard partners: begin to set up their connectors'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'intunectl;partner;list'= {
            cand --token 'The access token. Others on this machine may see it in the list of processes: prefer --token-file'
            cand --token-file 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]'
            cand --profile 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]'
            cand --tenant 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against'
            cand --cloud 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]'
            cand --graph-url 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]'
            cand --login-url 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]'
            cand --api-version 'The version of the API'
            cand -o 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --output 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --color 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]'
            cand --timeout 'How long one attempt may take; connecting has 10 s of it'
            cand --retries 'How many attempts may follow the first'
            cand --ca-cert 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]'
            cand -q 'No summary, no progress, no warnings; errors stay'
            cand --quiet 'No summary, no progress, no warnings; errors stay'
            cand -v 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand --verbose 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'intunectl;partner;show'= {
            cand -f 'Read IDs from this file too; `-` is standard input'
            cand --from-file 'Read IDs from this file too; `-` is standard input'
            cand --token 'The access token. Others on this machine may see it in the list of processes: prefer --token-file'
            cand --token-file 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]'
            cand --profile 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]'
            cand --tenant 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against'
            cand --cloud 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]'
            cand --graph-url 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]'
            cand --login-url 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]'
            cand --api-version 'The version of the API'
            cand -o 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --output 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --color 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]'
            cand --timeout 'How long one attempt may take; connecting has 10 s of it'
            cand --retries 'How many attempts may follow the first'
            cand --ca-cert 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]'
            cand -q 'No summary, no progress, no warnings; errors stay'
            cand --quiet 'No summary, no progress, no warnings; errors stay'
            cand -v 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand --verbose 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'intunectl;partner;disconnect'= {
            cand -f 'Read IDs from this file too; `-` is standard input'
            cand --from-file 'Read IDs from this file too; `-` is standard input'
            cand -j 'How many partners may be worked on at once, 1 to 64'
            cand --concurrency 'How many partners may be worked on at once, 1 to 64'
            cand --rate 'The pace: no window of this length ever holds more requests than that, nor more than ten times as many with reads; `off` for none'
            cand --wait 'After a 204, read the partner until it shows that it took effect, for this long [without a value: 5m]'
            cand --resume 'Skip what an earlier run has done, by the records (-o ndjson) that it left in this file'
            cand --token 'The access token. Others on this machine may see it in the list of processes: prefer --token-file'
            cand --token-file 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]'
            cand --profile 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]'
            cand --tenant 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against'
            cand --cloud 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]'
            cand --graph-url 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]'
            cand --login-url 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]'
            cand --api-version 'The version of the API'
            cand -o 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --output 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --color 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]'
            cand --timeout 'How long one attempt may take; connecting has 10 s of it'
            cand --retries 'How many attempts may follow the first'
            cand --ca-cert 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]'
            cand --dry-run 'Read each partner and say what would happen; change nothing'
            cand -y 'Do not ask first. It is asked only where standard input and standard error are a terminal'
            cand --yes 'Do not ask first. It is asked only where standard input and standard error are a terminal'
            cand --fail-fast 'Stop at the first failure'
            cand -q 'No summary, no progress, no warnings; errors stay'
            cand --quiet 'No summary, no progress, no warnings; errors stay'
            cand -v 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand --verbose 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'intunectl;partner;onboard'= {
            cand -f 'Read IDs from this file too; `-` is standard input'
            cand --from-file 'Read IDs from this file too; `-` is standard input'
            cand -j 'How many partners may be worked on at once, 1 to 64'
            cand --concurrency 'How many partners may be worked on at once, 1 to 64'
            cand --rate 'The pace: no window of this length ever holds more requests than that, nor more than ten times as many with reads; `off` for none'
            cand --wait 'After a 204, read the partner until it shows that it took effect, for this long [without a value: 5m]'
            cand --resume 'Skip what an earlier run has done, by the records (-o ndjson) that it left in this file'
            cand --token 'The access token. Others on this machine may see it in the list of processes: prefer --token-file'
            cand --token-file 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]'
            cand --profile 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]'
            cand --tenant 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against'
            cand --cloud 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]'
            cand --graph-url 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]'
            cand --login-url 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]'
            cand --api-version 'The version of the API'
            cand -o 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --output 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --color 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]'
            cand --timeout 'How long one attempt may take; connecting has 10 s of it'
            cand --retries 'How many attempts may follow the first'
            cand --ca-cert 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]'
            cand --dry-run 'Read each partner and say what would happen; change nothing'
            cand -y 'Do not ask first. It is asked only where standard input and standard error are a terminal'
            cand --yes 'Do not ask first. It is asked only where standard input and standard error are a terminal'
            cand --fail-fast 'Stop at the first failure'
            cand -q 'No summary, no progress, no warnings; errors stay'
            cand --quiet 'No summary, no progress, no warnings; errors stay'
            cand -v 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand --verbose 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'intunectl;partner;help'= {
            cand list 'List the partners'
            cand show 'Show partners'
            cand disconnect 'Disconnect partners: remove their connectors from the tenant'
            cand onboard 'Onboard partners: begin to set up their connectors'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'intunectl;partner;help;list'= {
        }
        &'intunectl;partner;help;show'= {
        }
        &'intunectl;partner;help;disconnect'= {
        }
        &'intunectl;partner;help;onboard'= {
        }
        &'intunectl;partner;help;help'= {
        }
        &'intunectl;auth'= {
            cand --token 'The access token. Others on this machine may see it in the list of processes: prefer --token-file'
            cand --token-file 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]'
            cand --profile 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]'
            cand --tenant 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against'
            cand --cloud 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]'
            cand --graph-url 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]'
            cand --login-url 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]'
            cand --api-version 'The version of the API'
            cand -o 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --output 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --color 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]'
            cand --timeout 'How long one attempt may take; connecting has 10 s of it'
            cand --retries 'How many attempts may follow the first'
            cand --ca-cert 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]'
            cand -q 'No summary, no progress, no warnings; errors stay'
            cand --quiet 'No summary, no progress, no warnings; errors stay'
            cand -v 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand --verbose 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand login 'Sign in, and keep the sign-in in the system''s keyring'
            cand status 'Show the token that a call would use: where it is from, for whom, and what it allows'
            cand list 'List the profiles in the system''s keyring'
            cand token 'Print the token that a call would use, renewed if need be'
            cand logout 'Forget the profile''s sign-in'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'intunectl;auth;login'= {
            cand --client-id 'The application to sign in with, a public client [default: the profile''s, else Microsoft Graph Command Line Tools]'
            cand --token 'The access token. Others on this machine may see it in the list of processes: prefer --token-file'
            cand --token-file 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]'
            cand --profile 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]'
            cand --tenant 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against'
            cand --cloud 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]'
            cand --graph-url 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]'
            cand --login-url 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]'
            cand --api-version 'The version of the API'
            cand -o 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --output 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --color 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]'
            cand --timeout 'How long one attempt may take; connecting has 10 s of it'
            cand --retries 'How many attempts may follow the first'
            cand --ca-cert 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]'
            cand --browser 'Sign in with a browser on this machine'
            cand --device-code 'Sign in with a code, typed into a page on any device'
            cand --with-token 'Keep an access token from standard input'
            cand -q 'No summary, no progress, no warnings; errors stay'
            cand --quiet 'No summary, no progress, no warnings; errors stay'
            cand -v 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand --verbose 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'intunectl;auth;status'= {
            cand --token 'The access token. Others on this machine may see it in the list of processes: prefer --token-file'
            cand --token-file 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]'
            cand --profile 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]'
            cand --tenant 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against'
            cand --cloud 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]'
            cand --graph-url 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]'
            cand --login-url 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]'
            cand --api-version 'The version of the API'
            cand -o 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --output 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --color 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]'
            cand --timeout 'How long one attempt may take; connecting has 10 s of it'
            cand --retries 'How many attempts may follow the first'
            cand --ca-cert 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]'
            cand -q 'No summary, no progress, no warnings; errors stay'
            cand --quiet 'No summary, no progress, no warnings; errors stay'
            cand -v 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand --verbose 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'intunectl;auth;list'= {
            cand --token 'The access token. Others on this machine may see it in the list of processes: prefer --token-file'
            cand --token-file 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]'
            cand --profile 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]'
            cand --tenant 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against'
            cand --cloud 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]'
            cand --graph-url 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]'
            cand --login-url 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]'
            cand --api-version 'The version of the API'
            cand -o 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --output 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --color 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]'
            cand --timeout 'How long one attempt may take; connecting has 10 s of it'
            cand --retries 'How many attempts may follow the first'
            cand --ca-cert 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]'
            cand -q 'No summary, no progress, no warnings; errors stay'
            cand --quiet 'No summary, no progress, no warnings; errors stay'
            cand -v 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand --verbose 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'intunectl;auth;token'= {
            cand --token 'The access token. Others on this machine may see it in the list of processes: prefer --token-file'
            cand --token-file 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]'
            cand --profile 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]'
            cand --tenant 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against'
            cand --cloud 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]'
            cand --graph-url 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]'
            cand --login-url 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]'
            cand --api-version 'The version of the API'
            cand -o 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --output 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --color 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]'
            cand --timeout 'How long one attempt may take; connecting has 10 s of it'
            cand --retries 'How many attempts may follow the first'
            cand --ca-cert 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]'
            cand -q 'No summary, no progress, no warnings; errors stay'
            cand --quiet 'No summary, no progress, no warnings; errors stay'
            cand -v 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand --verbose 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'intunectl;auth;logout'= {
            cand --token 'The access token. Others on this machine may see it in the list of processes: prefer --token-file'
            cand --token-file 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]'
            cand --profile 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]'
            cand --tenant 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against'
            cand --cloud 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]'
            cand --graph-url 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]'
            cand --login-url 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]'
            cand --api-version 'The version of the API'
            cand -o 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --output 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --color 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]'
            cand --timeout 'How long one attempt may take; connecting has 10 s of it'
            cand --retries 'How many attempts may follow the first'
            cand --ca-cert 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]'
            cand --all 'Forget the sign-ins of all profiles'
            cand -q 'No summary, no progress, no warnings; errors stay'
            cand --quiet 'No summary, no progress, no warnings; errors stay'
            cand -v 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand --verbose 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'intunectl;auth;help'= {
            cand login 'Sign in, and keep the sign-in in the system''s keyring'
            cand status 'Show the token that a call would use: where it is from, for whom, and what it allows'
            cand list 'List the profiles in the system''s keyring'
            cand token 'Print the token that a call would use, renewed if need be'
            cand logout 'Forget the profile''s sign-in'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'intunectl;auth;help;login'= {
        }
        &'intunectl;auth;help;status'= {
        }
        &'intunectl;auth;help;list'= {
        }
        &'intunectl;auth;help;token'= {
        }
        &'intunectl;auth;help;logout'= {
        }
        &'intunectl;auth;help;help'= {
        }
        &'intunectl;completion'= {
            cand --token 'The access token. Others on this machine may see it in the list of processes: prefer --token-file'
            cand --token-file 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]'
            cand --profile 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]'
            cand --tenant 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against'
            cand --cloud 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]'
            cand --graph-url 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]'
            cand --login-url 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]'
            cand --api-version 'The version of the API'
            cand -o 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --output 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --color 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]'
            cand --timeout 'How long one attempt may take; connecting has 10 s of it'
            cand --retries 'How many attempts may follow the first'
            cand --ca-cert 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]'
            cand -q 'No summary, no progress, no warnings; errors stay'
            cand --quiet 'No summary, no progress, no warnings; errors stay'
            cand -v 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand --verbose 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'intunectl;sandbox'= {
            cand --partners 'How many partners there are'
            cand --latency 'How long each answer takes'
            cand --throttle 'Throttle writes beyond this, and all requests beyond ten times this; `off` for never'
            cand --fail 'Answer every POST for this ID with this HTTP status (may be repeated)'
            cand --approve-after 'How long until a sign-in is approved by itself'
            cand --token-lifetime 'How long the tokens of a sign-in live; at least 1s'
            cand --port 'The port to listen on; 0 for any that is free'
            cand --token 'The access token. Others on this machine may see it in the list of processes: prefer --token-file'
            cand --token-file 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]'
            cand --profile 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]'
            cand --tenant 'The tenant, by its ID or one of its domains: where to sign in, and what a token''s tenant is checked against'
            cand --cloud 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile''s, else global]'
            cand --graph-url 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud''s]'
            cand --login-url 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud''s]'
            cand --api-version 'The version of the API'
            cand -o 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --output 'How results are written [env: INTUNECTL_OUTPUT] [default: text]'
            cand --color 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]'
            cand --timeout 'How long one attempt may take; connecting has 10 s of it'
            cand --retries 'How many attempts may follow the first'
            cand --ca-cert 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system''s]'
            cand -q 'No summary, no progress, no warnings; errors stay'
            cand --quiet 'No summary, no progress, no warnings; errors stay'
            cand -v 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand --verbose 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'intunectl;help'= {
            cand partner 'The tenant''s remote assistance partners'
            cand auth 'The token that calls are made with'
            cand completion 'Print a completion script'
            cand sandbox 'A local stand-in for Graph, to rehearse against'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'intunectl;help;partner'= {
            cand list 'List the partners'
            cand show 'Show partners'
            cand disconnect 'Disconnect partners: remove their connectors from the tenant'
            cand onboard 'Onboard partners: begin to set up their connectors'
        }
        &'intunectl;help;partner;list'= {
        }
        &'intunectl;help;partner;show'= {
        }
        &'intunectl;help;partner;disconnect'= {
        }
        &'intunectl;help;partner;onboard'= {
        }
        &'intunectl;help;auth'= {
            cand login 'Sign in, and keep the sign-in in the system''s keyring'
            cand status 'Show the token that a call would use: where it is from, for whom, and what it allows'
            cand list 'List the profiles in the system''s keyring'
            cand token 'Print the token that a call would use, renewed if need be'
            cand logout 'Forget the profile''s sign-in'
        }
        &'intunectl;help;auth;login'= {
        }
        &'intunectl;help;auth;status'= {
        }
        &'intunectl;help;auth;list'= {
        }
        &'intunectl;help;auth;token'= {
        }
        &'intunectl;help;auth;logout'= {
        }
        &'intunectl;help;completion'= {
        }
        &'intunectl;help;sandbox'= {
        }
        &'intunectl;help;help'= {
        }
    ]
    $completions[$command]
}
