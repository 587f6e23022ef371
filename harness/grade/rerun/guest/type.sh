# Runs one command of a report as its author's terminal would: what earlier commands set (folder, variables, functions)
# is there, and what this one sets stays for the next. With `wait` it ends when what the command started with & has ended.
# An endless loop ends between two rounds once STOP-FILE exists.
#
#   bash --noprofile --norc type.sh COMMAND-FILE STATE-FILE [wait|- [STOP-FILE ROUNDS-FILE]]
__file=$1 __state=$2 __wait=${3-}
if [ "${4-}" ]; then
  __round() { # one more round of the loop whose condition this is
    echo >> "$__ROUNDS" 2>/dev/null
    ! [ -e "$__STOP" ]
  }
  true() { __round; }
  :() { __round; }
  export __STOP=$4 __ROUNDS=$5
  export -f __round true :
fi
set --
[ -r "$__state" ] && . "$__state" 2>/dev/null
shopt -s expand_aliases
. "$__file"
__code=$?
if [ "${__STOP-}" ]; then
  unset -f __round true :
  unset __STOP __ROUNDS
fi
trap 'exit "$__code"' EXIT # also where a sandbox that is full of processes has no room for what follows
{ printf 'cd %q\n' "$PWD"
  export -p
  declare -p | grep -E '^declare -[aAi-]+ [A-Za-z]' | grep -vE ' (BASH|DIRSTACK|GROUPS|EUID|UID|PPID|SHELLOPTS|FUNCNAME|PIPESTATUS)[A-Z_]*='
  declare -f
  alias
} > "$__state.new" 2>/dev/null && mv -f "$__state.new" "$__state" 2>/dev/null
[ "$__wait" != wait ] || wait
