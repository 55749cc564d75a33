complete --keep-order --exclusive --command intunectl --arguments "(INTUNECTL_COMPLETE=fish intunectl -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
