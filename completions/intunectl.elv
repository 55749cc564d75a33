
set edit:completion:arg-completer[intunectl] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) INTUNECTL_COMPLETE="elvish" intunectl -- $@words) | to-lines
}

