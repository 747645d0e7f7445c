/** The import rule: rooms import only downward (docs/architecture.md). */
import { posix } from "node:path"
import { readFiles, type SourceFile } from "./source-files.ts"

interface RoomRule {
  /** Rooms it may import from, besides itself. */
  readonly below: readonly string[]
  /** Rooms it may import types from. */
  readonly typesOf?: readonly string[]
  /** Runs in a browser too: no `node:`, and only these packages. */
  readonly pure?: readonly string[]
}

const ROOMS: Readonly<Record<string, RoomRule>> = {
  base: { below: [], pure: [] },
  protocol: { below: ["base"], pure: ["yaml"] },
  facts: { below: ["base", "protocol"], pure: [] },
  doctor: { below: ["base", "protocol", "facts"], pure: [] },
  workspace: { below: ["base", "protocol"] },
  scheduler: { below: ["base", "protocol"], pure: ["yaml"] },
  hive: { below: ["base", "protocol"], pure: ["@huggingface/gguf"] },
  hub: { below: ["base", "protocol", "hive"] },
  gateway: { below: ["base", "protocol"], pure: [] },
  presence: { below: ["base", "protocol"], pure: [] },
  store: { below: ["base", "protocol"], typesOf: ["scheduler"] },
  ssh: { below: ["base", "protocol", "facts"], typesOf: ["scheduler"] },
  member: { below: ["base", "protocol", "hive"] },
  agent: { below: ["base", "protocol", "facts", "doctor", "presence", "workspace", "hive", "member"] },
  server: {
    below: [
      "base",
      "protocol",
      "facts",
      "doctor",
      "workspace",
      "scheduler",
      "hive",
      "hub",
      "gateway",
      "presence",
      "store",
      "ssh",
    ],
  },
  cli: { below: ["base", "protocol", "facts", "doctor", "scheduler", "hive", "hub", "presence", "workspace"] },
  web: { below: ["base", "protocol", "workspace"] },
  try: { below: ["base", "protocol", "facts", "workspace", "ssh"] },
}

/** `import ... from "x"`, `export ... from "x"`; `import "x"`; `import("x")`. */
const IMPORTS =
  /^\s*(?:import|export)(?<type>\s+type)?\b[^"'`;=()]*?\bfrom\s*["'](?<from>[^"']+)["']|^\s*import\s+["'](?<bare>[^"']+)["']|\bimport\(\s*["'](?<lazy>[^"']+)["']\s*\)/gm

/** What breaks the rule, one line each. Tests may import from anywhere below `src/` and `test/support`. */
export function findImportFaults(files: readonly SourceFile[]): string[] {
  const faults: string[] = []
  for (const { path, text } of files) {
    const room = path.split("/")[1] ?? ""
    const rule = ROOMS[room]
    if (rule === undefined) {
      faults.push(`${path}: "${room}" is no room`)
      continue
    }
    if (path.endsWith(".test.ts")) continue
    for (const { specifier, typeOnly } of importsOf(text)) {
      const reason = whyNot(path, room, rule, specifier, typeOnly)
      if (reason !== undefined) faults.push(`${path}: imports ${specifier}: ${reason}`)
    }
  }
  return faults
}

function whyNot(path: string, room: string, rule: RoomRule, specifier: string, typeOnly: boolean): string | undefined {
  if (!specifier.startsWith(".")) {
    const allowed = typeOnly || rule.pure === undefined || rule.pure.includes(specifier)
    return allowed ? undefined : `${room} is pure and runs anywhere`
  }
  const target = posix.join(posix.dirname(path), specifier)
  const [top, targetRoom = ""] = target.split("/")
  if (top !== "src") return "only tests import from outside src/"
  if (targetRoom === room || rule.below.includes(targetRoom)) return undefined
  if (rule.typesOf?.includes(targetRoom) && typeOnly) return undefined
  return `${room} may import from ${rule.below.join(", ") || "nothing"}`
}

export function importsOf(text: string): { specifier: string; typeOnly: boolean }[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "")
  return [...code.matchAll(IMPORTS)].map(({ groups = {} }) => ({
    specifier: groups.from ?? groups.bare ?? groups.lazy ?? "",
    typeOnly: groups.type !== undefined,
  }))
}

export function checkImports(): string[] {
  return findImportFaults(readFiles("src/**/*.ts"))
}
