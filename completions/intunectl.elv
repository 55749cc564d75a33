use str
set edit:completion:arg-completer[intunectl] = {|@words|
    # There may be variables before the command and options after the cursor.
    var line = $edit:current-command
    var is-clear = (and (str:has-prefix $line intunectl) (eq '' (str:trim-space $line[$edit:-dot..])))
    var no-lookup = 1
    if $is-clear { set no-lookup = '' }
    var index = (to-string (- (count $words) 1))
    env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=$index INTUNECTL_COMPLETE=elvish INTUNECTL_COMPLETE_NO_LOOKUP=$no-lookup intunectl -- $@words
}
