
# Where this file was loaded for a completion, and not by somebody's .zshrc, that one is still to be done.
if (( ${+compstate} )); then
    _clap_dynamic_completer_intunectl "$@"
fi
