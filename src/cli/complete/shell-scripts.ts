/** The shells that completion is made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const
export type Shell = (typeof SHELLS)[number]

/** Each asks `windfall complete` and takes files where that has nothing to say. Bash as old as macOS's 3.2 reads its own. */
export const SHELL_SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_windfall() {
  local IFS=$'\\n'
  COMPREPLY=($("$1" complete --shell bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o bashdefault -o default -F _windfall windfall
`,
  zsh: `#compdef windfall
_windfall() {
  local line
  local -a found
  for line in "\${(@f)$("$words[1]" complete --shell zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( $#found )); then _describe -V windfall found; else _files; fi
}
compdef _windfall windfall
`,
  fish: `function __windfall_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] complete --shell fish -- $words[2..-1] 2>/dev/null
end
complete -c windfall -a '(__windfall_complete)'
`,
}
