import { packageOfProgram } from "../../protocol/python-programs.ts"
import { path } from "../builtin.ts"

const PYTHON = /^python(?:3(?:\.\d+)?)?$/
/** They run what follows them. */
const PREFIXES: ReadonlySet<string> = new Set(["env", "exec", "time", "nice", "nohup", "caffeinate"])
const SHELLS: ReadonlySet<string> = new Set(["sh", "bash", "zsh", "dash"])
/** Options of python whose value is the next word. */
const TAKES_VALUE: ReadonlySet<string> = new Set(["-W", "-X", "--check-hash-based-pycs"])

/** What a command wants of Python. */
export type PythonWish =
  /** A Python, and the script it is to run where there is one: a path as it was typed. */
  | { readonly wants: "python"; readonly script: string | null }
  /** uv, which makes an environment of its own. */
  | { readonly wants: "uv" }

/**
 * What a command wants of Python, by its first word: python itself, or a program that people install into a Python environment.
 * A program named by a path is what it is. Of a line for a shell, each of its commands counts.
 */
export function pythonWish(command: readonly string[]): PythonWish | null {
  const [first = "", ...rest] = command
  const shell = SHELLS.has(path.basename(first)) && rest.length > 1 && /^-[a-z]*c$/.test(rest[0] ?? "")
  const commands = shell
    ? (rest[1] ?? "").split(/&&|\|\||[;|\n(){}]/).map((line) => line.trim().split(/\s+/))
    : [command]
  for (const words of commands) {
    const wish = wishOf(words)
    if (wish !== null) return wish
  }
  return null
}

function wishOf(words: readonly string[]): PythonWish | null {
  const start = words.findIndex((word) => !PREFIXES.has(word) && !/^[A-Za-z_]\w*=/.test(word) && !word.startsWith("-"))
  const [program = "", ...rest] = words.slice(Math.max(start, 0))
  if (program === "uv") return { wants: "uv" }
  if (PYTHON.test(program)) return { wants: "python", script: scriptOf(rest) }
  if (program === "pip" || packageOfProgram(program) !== null) return { wants: "python", script: null }
  return null
}

/** The script of python's arguments; none after -c, -m, or for standard input. */
function scriptOf(words: readonly string[]): string | null {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ""
    if (!word.startsWith("-")) return word
    if (word === "-" || /^-[A-Za-z]*[cm]/.test(word)) return null
    if (TAKES_VALUE.has(word)) i++
  }
  return null
}
