function __intunectl_complete
    set --local words (commandline --current-process --tokenize --cut-at-cursor)
    set --local before (commandline --current-process --cut-at-cursor)
    set --local line (commandline --current-buffer)
    set --local --export INTUNECTL_COMPLETE fish
    # There may be variables before the command and options after the cursor; fish passes on neither.
    set --local --export INTUNECTL_COMPLETE_NO_LOOKUP 1
    if test (string trim -- "$before") = (string trim -- "$line"); and string match --quiet --regex '(^|/)intunectl$' -- $words[1]
        set INTUNECTL_COMPLETE_NO_LOOKUP
    end
    intunectl -- $words (commandline --current-token) 2>/dev/null
end
complete --keep-order --exclusive --command intunectl --arguments '(__intunectl_complete)'
