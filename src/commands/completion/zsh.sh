
# clap's function sees only the words of this command; a variable, sudo or ssh may precede it.
_intunectl() {
    local -a line=(${(z)${:-$PREBUFFER${LBUFFER}x}})
    local -a command=(${(z)aliases[$line[1]]} $line[1])
    [[ $command[1] == $words[1] ]] || local -x INTUNECTL_COMPLETE_NO_LOOKUP=1
    _clap_dynamic_completer_intunectl "$@"
}
compdef _intunectl intunectl

# If zsh loaded this file for a completion, and not from .zshrc, do that completion now.
if (( ${+compstate} )); then
    _intunectl "$@"
fi
