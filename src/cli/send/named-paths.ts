import { fs, path } from "../builtin.ts"

/** A word longer than this names no file anybody means. */
const MAX_WORD = 1024
/** Looking at each takes a moment; beyond this it is data, not a command. */
const MAX_WORDS = 2000

/** What ends a word in a line for the shell (`sh -c 'python train.py < data/x'`), well enough to find names of files. */
const SHELL_BREAK = /[\s;|&<>()"'`]+/

/**
 * What a command names of the folder it is sent with: words, words of lines for the shell, and what follows a `=` in them
 * (`--data=data/train.csv`), as far as they are there. Relative to `root`, each once.
 */
export function namedPaths(command: readonly string[], root: string, workingFolder: string): string[] {
  const named = new Set<string>()
  const words = command.flatMap((word) => (SHELL_BREAK.test(word) ? [word, ...word.split(SHELL_BREAK)] : [word]))
  for (const word of words.slice(0, MAX_WORDS)) {
    const equals = word.indexOf("=")
    for (const candidate of equals === -1 ? [word] : [word, word.slice(equals + 1)]) {
      if (candidate === "" || candidate.length > MAX_WORD || candidate.startsWith("-")) continue
      if (candidate.includes("\0") || path.isAbsolute(candidate)) continue
      const at = path.posix.normalize(path.posix.join(workingFolder, candidate))
      if (at === "." || at === "./" || at.startsWith("..")) continue
      if (exists(path.join(root, at))) named.add(at)
    }
  }
  return [...named]
}

function exists(full: string): boolean {
  try {
    return fs.lstatSync(full, { throwIfNoEntry: false }) !== undefined
  } catch {
    // Below a file, too long a name, not to be read: whatever it is, it does not travel by this name.
    return false
  }
}
