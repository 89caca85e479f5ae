package controlplane

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// leashScript runs a binary in its own place and watches beside it for the process that started it. When that one is gone
// without having stopped the binary (killed, a panic, a test time-out), the watcher kills the binary and removes the files.
// A dead parent shows in /proc as another parent; elsewhere by its process id, which a zombie still has.
//
// envtest starts the processes and gives no way to set Pdeathsig, which ends with the thread that forked anyway.
const leashScript = `#!/bin/sh
parented() {
	if [ -r /proc/$$/stat ]; then
		read -r _ _ _ parent _ </proc/$$/stat && [ "$parent" = "$PPID" ]
	else
		kill -0 "$PPID"
	fi
}
{
	while kill -0 $$ && parented; do sleep 1; done
	if ! parented; then
		kill -9 $$
		rm -rf %[1]s
	fi
} </dev/null >/dev/null 2>&1 &
exec %[2]s "$@"
`

// Leash writes a script into dir that runs binary and does not let it outlive this process, nor dir outlive both.
func Leash(dir, binary string) (string, error) {
	script := fmt.Sprintf(leashScript, shellQuote(dir), shellQuote(binary))
	path := filepath.Join(dir, filepath.Base(binary))
	return path, os.WriteFile(path, []byte(script), 0o700) //nolint:gosec // a script must be executable
}

func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
