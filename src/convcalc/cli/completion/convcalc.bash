# Completions of convcalc for bash. In ~/.bashrc:
#     eval "$(convcalc completion bash)"

_convcalc() {
    local word files=
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        if [[ $word == :files ]]; then
            files=1
        else
            COMPREPLY+=("$word")
        fi
    done < <("$1" __complete "$COMP_CWORD" "$COMP_WORDBREAKS" "${COMP_WORDS[@]}" 2>/dev/null)
    # bash 3.2 has no compopt: it offers files wherever there is nothing else.
    if type compopt &>/dev/null; then
        [[ $files ]] || compopt +o default
        [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *: ]] || compopt -o nospace
    fi
} 2>/dev/null

complete -o default -F _convcalc convcalc
