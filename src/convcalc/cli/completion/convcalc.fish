# Completions of convcalc for fish. In ~/.config/fish/completions/convcalc.fish:
#     convcalc completion fish | source

function __convcalc_offered
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    for line in ($words[1] __complete (count $words) "" $words "$typed" 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path "$typed"
        else
            printf '%s\n' $line
        end
    end
end

complete -c convcalc -f -a '(__convcalc_offered)'
