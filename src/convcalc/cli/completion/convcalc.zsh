#compdef convcalc
# Completions of convcalc for zsh. In ~/.zshrc, after compinit:
#     eval "$(convcalc completion zsh)"
# or as a file _convcalc in a folder of $fpath.

_convcalc() {
    local line word files=
    local -a plain open
    for line in "${(@f)$("$words[1]" __complete $((CURRENT - 1)) "" "${(@)words[1,CURRENT]}" 2>/dev/null)}"; do
        word="${line%%$'\t'*}"
        if [[ $word == :files ]]; then
            files=1
        elif [[ $word == *: ]]; then
            open+=("$word")
        elif [[ -n $word ]]; then
            word="${word//:/\\:}"
            [[ $line == *$'\t'* ]] && word+=":${line#*$'\t'}"
            plain+=("$word")
        fi
    done
    (( $#plain )) && _describe -V 'convcalc' plain
    (( $#open )) && compadd -S '' -- $open
    [[ -n $files ]] && _files
    return 0
}

if [[ $funcstack[1] == _convcalc ]]; then
    _convcalc "$@"
else
    compdef _convcalc convcalc
fi
