# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_intunectl_global_optspecs
    string join \n token= token-file= profile= tenant= cloud= graph-url= login-url= api-version= o/output= color= timeout= retries= ca-cert= q/quiet v/verbose h/help V/version
end

function __fish_intunectl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_intunectl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_intunectl_using_subcommand
    set -l cmd (__fish_intunectl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c intunectl -n "__fish_intunectl_needs_command" -l token -d 'The access token. Others on this machine may see it in the list of processes: prefer --token-file' -r
complete -c intunectl -n "__fish_intunectl_needs_command" -l token-file -d 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]' -r -F
complete -c intunectl -n "__fish_intunectl_needs_command" -l profile -d 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]' -r
complete -c intunectl -n "__fish_intunectl_needs_command" -l tenant -d 'The tenant, by its ID or one of its domains: where to sign in, and what a token\'s tenant is checked against' -r
complete -c intunectl -n "__fish_intunectl_needs_command" -l cloud -d 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile\'s, else global]' -r -f -a "global\t''
gcc-high\t''
dod\t''
china\t''"
complete -c intunectl -n "__fish_intunectl_needs_command" -l graph-url -d 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_needs_command" -l login-url -d 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_needs_command" -l api-version -d 'The version of the API' -r -f -a "v1.0\t''
beta\t''"
complete -c intunectl -n "__fish_intunectl_needs_command" -s o -l output -d 'How results are written [env: INTUNECTL_OUTPUT] [default: text]' -r -f -a "text\t'For people; tab-separated where standard output is not a terminal'
json\t'One document, at the end'
ndjson\t'A JSON record per line, each the moment it is known'
id\t'IDs alone: those that succeeded'"
complete -c intunectl -n "__fish_intunectl_needs_command" -l color -d 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal'
always\t''
never\t''"
complete -c intunectl -n "__fish_intunectl_needs_command" -l timeout -d 'How long one attempt may take; connecting has 10 s of it' -r
complete -c intunectl -n "__fish_intunectl_needs_command" -l retries -d 'How many attempts may follow the first' -r
complete -c intunectl -n "__fish_intunectl_needs_command" -l ca-cert -d 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system\'s]' -r -F
complete -c intunectl -n "__fish_intunectl_needs_command" -s q -l quiet -d 'No summary, no progress, no warnings; errors stay'
complete -c intunectl -n "__fish_intunectl_needs_command" -s v -l verbose -d 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
complete -c intunectl -n "__fish_intunectl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c intunectl -n "__fish_intunectl_needs_command" -s V -l version -d 'Print version'
complete -c intunectl -n "__fish_intunectl_needs_command" -f -a "partner" -d 'The tenant\'s remote assistance partners'
complete -c intunectl -n "__fish_intunectl_needs_command" -f -a "auth" -d 'The token that calls are made with'
complete -c intunectl -n "__fish_intunectl_needs_command" -f -a "completion" -d 'Print a completion script'
complete -c intunectl -n "__fish_intunectl_needs_command" -f -a "sandbox" -d 'A local stand-in for Graph, to rehearse against'
complete -c intunectl -n "__fish_intunectl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -l token -d 'The access token. Others on this machine may see it in the list of processes: prefer --token-file' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -l token-file -d 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -l profile -d 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -l tenant -d 'The tenant, by its ID or one of its domains: where to sign in, and what a token\'s tenant is checked against' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -l cloud -d 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile\'s, else global]' -r -f -a "global\t''
gcc-high\t''
dod\t''
china\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -l graph-url -d 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -l login-url -d 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -l api-version -d 'The version of the API' -r -f -a "v1.0\t''
beta\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -s o -l output -d 'How results are written [env: INTUNECTL_OUTPUT] [default: text]' -r -f -a "text\t'For people; tab-separated where standard output is not a terminal'
json\t'One document, at the end'
ndjson\t'A JSON record per line, each the moment it is known'
id\t'IDs alone: those that succeeded'"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -l color -d 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal'
always\t''
never\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -l timeout -d 'How long one attempt may take; connecting has 10 s of it' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -l retries -d 'How many attempts may follow the first' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -l ca-cert -d 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system\'s]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -s q -l quiet -d 'No summary, no progress, no warnings; errors stay'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -s v -l verbose -d 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -s V -l version -d 'Print version'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -f -a "list" -d 'List the partners'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -f -a "show" -d 'Show partners'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -f -a "disconnect" -d 'Disconnect partners: remove their connectors from the tenant'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -f -a "onboard" -d 'Onboard partners: begin to set up their connectors'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and not __fish_seen_subcommand_from list show disconnect onboard help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -l token -d 'The access token. Others on this machine may see it in the list of processes: prefer --token-file' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -l token-file -d 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -l profile -d 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -l tenant -d 'The tenant, by its ID or one of its domains: where to sign in, and what a token\'s tenant is checked against' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -l cloud -d 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile\'s, else global]' -r -f -a "global\t''
gcc-high\t''
dod\t''
china\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -l graph-url -d 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -l login-url -d 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -l api-version -d 'The version of the API' -r -f -a "v1.0\t''
beta\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -s o -l output -d 'How results are written [env: INTUNECTL_OUTPUT] [default: text]' -r -f -a "text\t'For people; tab-separated where standard output is not a terminal'
json\t'One document, at the end'
ndjson\t'A JSON record per line, each the moment it is known'
id\t'IDs alone: those that succeeded'"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -l color -d 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal'
always\t''
never\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -l timeout -d 'How long one attempt may take; connecting has 10 s of it' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -l retries -d 'How many attempts may follow the first' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -l ca-cert -d 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system\'s]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -s q -l quiet -d 'No summary, no progress, no warnings; errors stay'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -s f -l from-file -d 'Read IDs from this file too; `-` is standard input' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -l token -d 'The access token. Others on this machine may see it in the list of processes: prefer --token-file' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -l token-file -d 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -l profile -d 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -l tenant -d 'The tenant, by its ID or one of its domains: where to sign in, and what a token\'s tenant is checked against' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -l cloud -d 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile\'s, else global]' -r -f -a "global\t''
gcc-high\t''
dod\t''
china\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -l graph-url -d 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -l login-url -d 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -l api-version -d 'The version of the API' -r -f -a "v1.0\t''
beta\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -s o -l output -d 'How results are written [env: INTUNECTL_OUTPUT] [default: text]' -r -f -a "text\t'For people; tab-separated where standard output is not a terminal'
json\t'One document, at the end'
ndjson\t'A JSON record per line, each the moment it is known'
id\t'IDs alone: those that succeeded'"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -l color -d 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal'
always\t''
never\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -l timeout -d 'How long one attempt may take; connecting has 10 s of it' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -l retries -d 'How many attempts may follow the first' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -l ca-cert -d 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system\'s]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -s q -l quiet -d 'No summary, no progress, no warnings; errors stay'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -s f -l from-file -d 'Read IDs from this file too; `-` is standard input' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -s j -l concurrency -d 'How many partners may be worked on at once, 1 to 64' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l rate -d 'The pace: no window of this length ever holds more requests than that, nor more than ten times as many with reads; `off` for none' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l wait -d 'After a 204, read the partner until it shows that it took effect, for this long [without a value: 5m]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l resume -d 'Skip what an earlier run has done, by the records (-o ndjson) that it left in this file' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l token -d 'The access token. Others on this machine may see it in the list of processes: prefer --token-file' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l token-file -d 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l profile -d 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l tenant -d 'The tenant, by its ID or one of its domains: where to sign in, and what a token\'s tenant is checked against' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l cloud -d 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile\'s, else global]' -r -f -a "global\t''
gcc-high\t''
dod\t''
china\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l graph-url -d 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l login-url -d 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l api-version -d 'The version of the API' -r -f -a "v1.0\t''
beta\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -s o -l output -d 'How results are written [env: INTUNECTL_OUTPUT] [default: text]' -r -f -a "text\t'For people; tab-separated where standard output is not a terminal'
json\t'One document, at the end'
ndjson\t'A JSON record per line, each the moment it is known'
id\t'IDs alone: those that succeeded'"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l color -d 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal'
always\t''
never\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l timeout -d 'How long one attempt may take; connecting has 10 s of it' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l retries -d 'How many attempts may follow the first' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l ca-cert -d 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system\'s]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l dry-run -d 'Read each partner and say what would happen; change nothing'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -s y -l yes -d 'Do not ask first. It is asked only where standard input and standard error are a terminal'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -l fail-fast -d 'Stop at the first failure'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -s q -l quiet -d 'No summary, no progress, no warnings; errors stay'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -s v -l verbose -d 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from disconnect" -s V -l version -d 'Print version'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -s f -l from-file -d 'Read IDs from this file too; `-` is standard input' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -s j -l concurrency -d 'How many partners may be worked on at once, 1 to 64' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l rate -d 'The pace: no window of this length ever holds more requests than that, nor more than ten times as many with reads; `off` for none' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l wait -d 'After a 204, read the partner until it shows that it took effect, for this long [without a value: 5m]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l resume -d 'Skip what an earlier run has done, by the records (-o ndjson) that it left in this file' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l token -d 'The access token. Others on this machine may see it in the list of processes: prefer --token-file' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l token-file -d 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l profile -d 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l tenant -d 'The tenant, by its ID or one of its domains: where to sign in, and what a token\'s tenant is checked against' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l cloud -d 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile\'s, else global]' -r -f -a "global\t''
gcc-high\t''
dod\t''
china\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l graph-url -d 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l login-url -d 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l api-version -d 'The version of the API' -r -f -a "v1.0\t''
beta\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -s o -l output -d 'How results are written [env: INTUNECTL_OUTPUT] [default: text]' -r -f -a "text\t'For people; tab-separated where standard output is not a terminal'
json\t'One document, at the end'
ndjson\t'A JSON record per line, each the moment it is known'
id\t'IDs alone: those that succeeded'"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l color -d 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal'
always\t''
never\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l timeout -d 'How long one attempt may take; connecting has 10 s of it' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l retries -d 'How many attempts may follow the first' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l ca-cert -d 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system\'s]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l dry-run -d 'Read each partner and say what would happen; change nothing'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -s y -l yes -d 'Do not ask first. It is asked only where standard input and standard error are a terminal'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -l fail-fast -d 'Stop at the first failure'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -s q -l quiet -d 'No summary, no progress, no warnings; errors stay'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -s v -l verbose -d 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from onboard" -s V -l version -d 'Print version'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the partners'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show partners'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from help" -f -a "disconnect" -d 'Disconnect partners: remove their connectors from the tenant'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from help" -f -a "onboard" -d 'Onboard partners: begin to set up their connectors'
complete -c intunectl -n "__fish_intunectl_using_subcommand partner; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -l token -d 'The access token. Others on this machine may see it in the list of processes: prefer --token-file' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -l token-file -d 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -l profile -d 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -l tenant -d 'The tenant, by its ID or one of its domains: where to sign in, and what a token\'s tenant is checked against' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -l cloud -d 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile\'s, else global]' -r -f -a "global\t''
gcc-high\t''
dod\t''
china\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -l graph-url -d 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -l login-url -d 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -l api-version -d 'The version of the API' -r -f -a "v1.0\t''
beta\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -s o -l output -d 'How results are written [env: INTUNECTL_OUTPUT] [default: text]' -r -f -a "text\t'For people; tab-separated where standard output is not a terminal'
json\t'One document, at the end'
ndjson\t'A JSON record per line, each the moment it is known'
id\t'IDs alone: those that succeeded'"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -l color -d 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal'
always\t''
never\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -l timeout -d 'How long one attempt may take; connecting has 10 s of it' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -l retries -d 'How many attempts may follow the first' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -l ca-cert -d 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system\'s]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -s q -l quiet -d 'No summary, no progress, no warnings; errors stay'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -s v -l verbose -d 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -s V -l version -d 'Print version'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -f -a "login" -d 'Sign in, and keep the sign-in in the system\'s keyring'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -f -a "status" -d 'Show the token that a call would use: where it is from, for whom, and what it allows'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -f -a "list" -d 'List the profiles in the system\'s keyring'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -f -a "token" -d 'Print the token that a call would use, renewed if need be'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -f -a "logout" -d 'Forget the profile\'s sign-in'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and not __fish_seen_subcommand_from login status list token logout help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l client-id -d 'The application to sign in with, a public client [default: the profile\'s, else Microsoft Graph Command Line Tools]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l token -d 'The access token. Others on this machine may see it in the list of processes: prefer --token-file' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l token-file -d 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l profile -d 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l tenant -d 'The tenant, by its ID or one of its domains: where to sign in, and what a token\'s tenant is checked against' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l cloud -d 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile\'s, else global]' -r -f -a "global\t''
gcc-high\t''
dod\t''
china\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l graph-url -d 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l login-url -d 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l api-version -d 'The version of the API' -r -f -a "v1.0\t''
beta\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -s o -l output -d 'How results are written [env: INTUNECTL_OUTPUT] [default: text]' -r -f -a "text\t'For people; tab-separated where standard output is not a terminal'
json\t'One document, at the end'
ndjson\t'A JSON record per line, each the moment it is known'
id\t'IDs alone: those that succeeded'"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l color -d 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal'
always\t''
never\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l timeout -d 'How long one attempt may take; connecting has 10 s of it' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l retries -d 'How many attempts may follow the first' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l ca-cert -d 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system\'s]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l browser -d 'Sign in with a browser on this machine'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l device-code -d 'Sign in with a code, typed into a page on any device'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -l with-token -d 'Keep an access token from standard input'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -s q -l quiet -d 'No summary, no progress, no warnings; errors stay'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -s v -l verbose -d 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from login" -s V -l version -d 'Print version'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -l token -d 'The access token. Others on this machine may see it in the list of processes: prefer --token-file' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -l token-file -d 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -l profile -d 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -l tenant -d 'The tenant, by its ID or one of its domains: where to sign in, and what a token\'s tenant is checked against' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -l cloud -d 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile\'s, else global]' -r -f -a "global\t''
gcc-high\t''
dod\t''
china\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -l graph-url -d 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -l login-url -d 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -l api-version -d 'The version of the API' -r -f -a "v1.0\t''
beta\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -s o -l output -d 'How results are written [env: INTUNECTL_OUTPUT] [default: text]' -r -f -a "text\t'For people; tab-separated where standard output is not a terminal'
json\t'One document, at the end'
ndjson\t'A JSON record per line, each the moment it is known'
id\t'IDs alone: those that succeeded'"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -l color -d 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal'
always\t''
never\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -l timeout -d 'How long one attempt may take; connecting has 10 s of it' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -l retries -d 'How many attempts may follow the first' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -l ca-cert -d 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system\'s]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -s q -l quiet -d 'No summary, no progress, no warnings; errors stay'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from status" -s V -l version -d 'Print version'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -l token -d 'The access token. Others on this machine may see it in the list of processes: prefer --token-file' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -l token-file -d 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -l profile -d 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -l tenant -d 'The tenant, by its ID or one of its domains: where to sign in, and what a token\'s tenant is checked against' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -l cloud -d 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile\'s, else global]' -r -f -a "global\t''
gcc-high\t''
dod\t''
china\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -l graph-url -d 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -l login-url -d 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -l api-version -d 'The version of the API' -r -f -a "v1.0\t''
beta\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -s o -l output -d 'How results are written [env: INTUNECTL_OUTPUT] [default: text]' -r -f -a "text\t'For people; tab-separated where standard output is not a terminal'
json\t'One document, at the end'
ndjson\t'A JSON record per line, each the moment it is known'
id\t'IDs alone: those that succeeded'"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -l color -d 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal'
always\t''
never\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -l timeout -d 'How long one attempt may take; connecting has 10 s of it' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -l retries -d 'How many attempts may follow the first' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -l ca-cert -d 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system\'s]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -s q -l quiet -d 'No summary, no progress, no warnings; errors stay'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -l token -d 'The access token. Others on this machine may see it in the list of processes: prefer --token-file' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -l token-file -d 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -l profile -d 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -l tenant -d 'The tenant, by its ID or one of its domains: where to sign in, and what a token\'s tenant is checked against' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -l cloud -d 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile\'s, else global]' -r -f -a "global\t''
gcc-high\t''
dod\t''
china\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -l graph-url -d 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -l login-url -d 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -l api-version -d 'The version of the API' -r -f -a "v1.0\t''
beta\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -s o -l output -d 'How results are written [env: INTUNECTL_OUTPUT] [default: text]' -r -f -a "text\t'For people; tab-separated where standard output is not a terminal'
json\t'One document, at the end'
ndjson\t'A JSON record per line, each the moment it is known'
id\t'IDs alone: those that succeeded'"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -l color -d 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal'
always\t''
never\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -l timeout -d 'How long one attempt may take; connecting has 10 s of it' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -l retries -d 'How many attempts may follow the first' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -l ca-cert -d 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system\'s]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -s q -l quiet -d 'No summary, no progress, no warnings; errors stay'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -s v -l verbose -d 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from token" -s V -l version -d 'Print version'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -l token -d 'The access token. Others on this machine may see it in the list of processes: prefer --token-file' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -l token-file -d 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -l profile -d 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -l tenant -d 'The tenant, by its ID or one of its domains: where to sign in, and what a token\'s tenant is checked against' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -l cloud -d 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile\'s, else global]' -r -f -a "global\t''
gcc-high\t''
dod\t''
china\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -l graph-url -d 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -l login-url -d 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -l api-version -d 'The version of the API' -r -f -a "v1.0\t''
beta\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -s o -l output -d 'How results are written [env: INTUNECTL_OUTPUT] [default: text]' -r -f -a "text\t'For people; tab-separated where standard output is not a terminal'
json\t'One document, at the end'
ndjson\t'A JSON record per line, each the moment it is known'
id\t'IDs alone: those that succeeded'"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -l color -d 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal'
always\t''
never\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -l timeout -d 'How long one attempt may take; connecting has 10 s of it' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -l retries -d 'How many attempts may follow the first' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -l ca-cert -d 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system\'s]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -l all -d 'Forget the sign-ins of all profiles'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -s q -l quiet -d 'No summary, no progress, no warnings; errors stay'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -s v -l verbose -d 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from logout" -s V -l version -d 'Print version'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from help" -f -a "login" -d 'Sign in, and keep the sign-in in the system\'s keyring'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show the token that a call would use: where it is from, for whom, and what it allows'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the profiles in the system\'s keyring'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from help" -f -a "token" -d 'Print the token that a call would use, renewed if need be'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from help" -f -a "logout" -d 'Forget the profile\'s sign-in'
complete -c intunectl -n "__fish_intunectl_using_subcommand auth; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -l token -d 'The access token. Others on this machine may see it in the list of processes: prefer --token-file' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -l token-file -d 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -l profile -d 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -l tenant -d 'The tenant, by its ID or one of its domains: where to sign in, and what a token\'s tenant is checked against' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -l cloud -d 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile\'s, else global]' -r -f -a "global\t''
gcc-high\t''
dod\t''
china\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -l graph-url -d 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -l login-url -d 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -l api-version -d 'The version of the API' -r -f -a "v1.0\t''
beta\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -s o -l output -d 'How results are written [env: INTUNECTL_OUTPUT] [default: text]' -r -f -a "text\t'For people; tab-separated where standard output is not a terminal'
json\t'One document, at the end'
ndjson\t'A JSON record per line, each the moment it is known'
id\t'IDs alone: those that succeeded'"
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -l color -d 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal'
always\t''
never\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -l timeout -d 'How long one attempt may take; connecting has 10 s of it' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -l retries -d 'How many attempts may follow the first' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -l ca-cert -d 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system\'s]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -s q -l quiet -d 'No summary, no progress, no warnings; errors stay'
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -s v -l verbose -d 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c intunectl -n "__fish_intunectl_using_subcommand completion" -s V -l version -d 'Print version'
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l partners -d 'How many partners there are' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l latency -d 'How long each answer takes' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l throttle -d 'Throttle writes beyond this, and all requests beyond ten times this; `off` for never' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l fail -d 'Answer every POST for this ID with this HTTP status (may be repeated)' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l approve-after -d 'How long until a sign-in is approved by itself' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l token-lifetime -d 'How long the tokens of a sign-in live; at least 1s' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l port -d 'The port to listen on; 0 for any that is free' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l token -d 'The access token. Others on this machine may see it in the list of processes: prefer --token-file' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l token-file -d 'A file that holds the access token [env: INTUNECTL_TOKEN holds the token itself]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l profile -d 'The profile in the keyring [env: INTUNECTL_PROFILE] [default: default]' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l tenant -d 'The tenant, by its ID or one of its domains: where to sign in, and what a token\'s tenant is checked against' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l cloud -d 'The cloud: global, gcc-high, dod or china [env: INTUNECTL_CLOUD] [default: the profile\'s, else global]' -r -f -a "global\t''
gcc-high\t''
dod\t''
china\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l graph-url -d 'Another Graph root, without a version [env: INTUNECTL_GRAPH_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l login-url -d 'Another sign-in root [env: INTUNECTL_LOGIN_URL] [default: the cloud\'s]' -r -f
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l api-version -d 'The version of the API' -r -f -a "v1.0\t''
beta\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -s o -l output -d 'How results are written [env: INTUNECTL_OUTPUT] [default: text]' -r -f -a "text\t'For people; tab-separated where standard output is not a terminal'
json\t'One document, at the end'
ndjson\t'A JSON record per line, each the moment it is known'
id\t'IDs alone: those that succeeded'"
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l color -d 'When to use colour [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t'On a terminal'
always\t''
never\t''"
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l timeout -d 'How long one attempt may take; connecting has 10 s of it' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l retries -d 'How many attempts may follow the first' -r
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -l ca-cert -d 'Trust the certificates in this PEM file too [env: SSL_CERT_FILE, SSL_CERT_DIR replace the system\'s]' -r -F
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -s q -l quiet -d 'No summary, no progress, no warnings; errors stay'
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -s v -l verbose -d 'Show each attempt and wait on standard error; twice, headers too, secrets redacted [env: INTUNECTL_DEBUG=1]'
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c intunectl -n "__fish_intunectl_using_subcommand sandbox" -s V -l version -d 'Print version'
complete -c intunectl -n "__fish_intunectl_using_subcommand help; and not __fish_seen_subcommand_from partner auth completion sandbox help" -f -a "partner" -d 'The tenant\'s remote assistance partners'
complete -c intunectl -n "__fish_intunectl_using_subcommand help; and not __fish_seen_subcommand_from partner auth completion sandbox help" -f -a "auth" -d 'The token that calls are made with'
complete -c intunectl -n "__fish_intunectl_using_subcommand help; and not __fish_seen_subcommand_from partner auth completion sandbox help" -f -a "completion" -d 'Print a completion script'
complete -c intunectl -n "__fish_intunectl_using_subcommand help; and not __fish_seen_subcommand_from partner auth completion sandbox help" -f -a "sandbox" -d 'A local stand-in for Graph, to rehearse against'
complete -c intunectl -n "__fish_intunectl_using_subcommand help; and not __fish_seen_subcommand_from partner auth completion sandbox help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c intunectl -n "__fish_intunectl_using_subcommand help; and __fish_seen_subcommand_from partner" -f -a "list" -d 'List the partners'
complete -c intunectl -n "__fish_intunectl_using_subcommand help; and __fish_seen_subcommand_from partner" -f -a "show" -d 'Show partners'
complete -c intunectl -n "__fish_intunectl_using_subcommand help; and __fish_seen_subcommand_from partner" -f -a "disconnect" -d 'Disconnect partners: remove their connectors from the tenant'
complete -c intunectl -n "__fish_intunectl_using_subcommand help; and __fish_seen_subcommand_from partner" -f -a "onboard" -d 'Onboard partners: begin to set up their connectors'
complete -c intunectl -n "__fish_intunectl_using_subcommand help; and __fish_seen_subcommand_from auth" -f -a "login" -d 'Sign in, and keep the sign-in in the system\'s keyring'
complete -c intunectl -n "__fish_intunectl_using_subcommand help; and __fish_seen_subcommand_from auth" -f -a "status" -d 'Show the token that a call would use: where it is from, for whom, and what it allows'
complete -c intunectl -n "__fish_intunectl_using_subcommand help; and __fish_seen_subcommand_from auth" -f -a "list" -d 'List the profiles in the system\'s keyring'
complete -c intunectl -n "__fish_intunectl_using_subcommand help; and __fish_seen_subcommand_from auth" -f -a "token" -d 'Print the token that a call would use, renewed if need be'
complete -c intunectl -n "__fish_intunectl_using_subcommand help; and __fish_seen_subcommand_from auth" -f -a "logout" -d 'Forget the profile\'s sign-in'
