
_clap_complete_intunectl() {
    local IFS=$'\013'
    local _CLAP_COMPLETE_INDEX=${COMP_CWORD}
    local _CLAP_COMPLETE_COMP_TYPE=${COMP_TYPE}
    if compopt +o nospace 2> /dev/null; then
        local _CLAP_COMPLETE_SPACE=false
    else
        local _CLAP_COMPLETE_SPACE=true
    fi
    local words=("${COMP_WORDS[@]}")
    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
        words[COMP_CWORD]="$2"
    fi
    COMPREPLY=( $( \
        _CLAP_IFS="$IFS" \
        _CLAP_COMPLETE_INDEX="$_CLAP_COMPLETE_INDEX" \
        _CLAP_COMPLETE_COMP_TYPE="$_CLAP_COMPLETE_COMP_TYPE" \
        _CLAP_COMPLETE_SPACE="$_CLAP_COMPLETE_SPACE" \
        INTUNECTL_COMPLETE="bash" \
        "intunectl" -- "${words[@]}" \
    ) )
    if [[ $? != 0 ]]; then
        unset COMPREPLY
    elif [[ $_CLAP_COMPLETE_SPACE == false ]] && [[ "${COMPREPLY-}" =~ [=/:]$ ]]; then
        compopt -o nospace
    fi
}
if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -o nospace -o bashdefault -o nosort -F _clap_complete_intunectl intunectl
else
    complete -o nospace -o bashdefault -F _clap_complete_intunectl intunectl
fi


# Bash also splits words at = and :, expands patterns in offers, and inserts file names without quotes.
_intunectl() {
    local -a words=()
    local rest=$COMP_LINE before='' index=0 flags=$- aliases='' i
    for i in "${!COMP_WORDS[@]}"; do
        if [[ $i -eq $COMP_CWORD && $rest == [[:space:]]* && -z $2 && ${COMP_WORDS[i]} == [!=:]* ]]; then
            # The cursor is before this word, in an empty word of its own.
            index=${#words[@]}
            words+=('' "${COMP_WORDS[i]}")
        elif [[ $i -gt 0 && $rest != [[:space:]]* ]]; then
            # Ignore the part of the word after the cursor.
            [[ $i -gt $COMP_CWORD && $index -eq ${#words[@]}-1 ]] || words[${#words[@]}-1]+=${COMP_WORDS[i]}
        else
            words+=("${COMP_WORDS[i]}")
        fi
        if [[ $i -eq $COMP_CWORD && $index -eq 0 ]]; then
            index=$((${#words[@]} - 1))
            before=${words[index]%"${COMP_WORDS[i]}"}
            [[ -n $2 || -z ${COMP_WORDS[i]} ]] || before+=${COMP_WORDS[i]}
            words[index]=$before$2
        fi
        rest=${rest#"${rest%%[![:space:]]*}"}
        rest=${rest#"${COMP_WORDS[i]}"}
    done
    local COMP_CWORD=$index
    local -a COMP_WORDS=("${words[@]}")
    # An alias may contain options, which are not among the words.
    [[ ${BASH_VERSINFO[0]} -lt 4 ]] || aliases=${BASH_ALIASES[$1]}${BASH_ALIASES[${words[0]}]}
    [[ $aliases != *[[:space:]]* ]] || local -x INTUNECTL_COMPLETE_NO_LOOKUP=1
    set -f
    _clap_complete_intunectl "$1" "${words[index]}" "$3" 2>/dev/null
    [[ $flags == *f* ]] || set +f
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
    if [[ -e ${COMPREPLY[0]/#\~\//$HOME/} ]] && compopt -o filenames 2>/dev/null; then
        return
    fi
    # Bash inserts the rest unquoted, and Enter runs it.
    for i in "${!COMPREPLY[@]}"; do
        [[ ${COMPREPLY[i]} != *[!-[:alnum:]_./:=@,+~]* ]] || unset "COMPREPLY[i]"
    done
}
complete -o nospace -o bashdefault -o nosort -F _intunectl intunectl 2>/dev/null ||
    complete -o nospace -o bashdefault -F _intunectl intunectl
