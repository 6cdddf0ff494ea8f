/**
 * What git runs at a push. The hooks decide nothing: they hand what git tells them to the product, which holds the other
 * end of descriptors 3 and 4, and print what it answers. Without those (a push that does not come through the product)
 * they refuse.
 */

/** The shell script of a hook. Its answer is the exit code in the first line, then lines for the client, then a dot. */
export function hookScript(hook: 'pre-receive' | 'post-receive'): string {
  return `#!/bin/sh
[ "\${DAGBOK_PUSH-}" = 1 ] || { echo "this repository takes pushes over HTTP only" >&2; exit 1; }
newline='
'
{
  echo ${hook}
  echo "objects \${GIT_OBJECT_DIRECTORY-}"
  echo "alternates \${GIT_ALTERNATE_OBJECT_DIRECTORIES-}"
  i=0
  while [ "$i" -lt "\${GIT_PUSH_OPTION_COUNT:-0}" ]; do
    eval "option=\\$GIT_PUSH_OPTION_$i"
    # Further lines would be taken for ours: an end of the call, other refs.
    case $option in *"$newline"*) echo "a push option is one line" >&2; exit 1 ;; esac
    printf 'option %s\\n' "$option"
    i=$((i + 1))
  done
  while IFS= read -r line; do printf 'update %s\\n' "$line"; done
  echo .
} >&3
IFS= read -r code <&4 || exit 1
while IFS= read -r line <&4; do
  [ "$line" = . ] && exit "$code"
  printf '%s\\n' "$line" >&2
done
exit 1
`
}
