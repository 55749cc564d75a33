
# clap's sees the words of this command only: a variable may be set in front of them, or sudo or ssh stand there.
_intunectl() {
    local -a line=(${(z)${:-$PREBUFFER${LBUFFER}x}})
    local -a command=(${(z)aliases[$line[1]]} $line[1])
    [[ $command[1] == $words[1] ]] || local -x INTUNECTL_COMPLETE_NO_LOOKUP=1
    _clap_dynamic_completer_intunectl "$@"
}
compdef _intunectl intunectl

# Where this file was loaded for a completion, and not by somebody's .zshrc, that one is still to be done.
if (( ${+compstate} )); then
    _intunectl "$@"
fi
