/**
 * Which paths of a folder stay home, and by which rule. In order: what never travels; what `--include` names; secrets;
 * .windfallignore files; .gitignore files, then the repository's .git/info/exclude. Deeper ones come first, and in a
 * repository all up to its top count. As in git, nothing below an ignored folder can be brought back by `!`, only by
 * `--include`. The files are the sender's own and read where the sender is: a pattern in them that takes for ever to match
 * keeps nobody else waiting.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import ignore, { type Ignore } from "ignore"
import { isSecretName, neverTravels } from "./built-in-rules.ts"
import { IncludeList } from "./include-list.ts"
import { joinPath } from "./safe-path.ts"

/** Why a path stays home. */
export interface RuleHit {
  readonly why: "ignored" | "never" | "secret"
  /** The pattern, for instance "data/". */
  readonly rule: string
  /** Where it stands, for instance ".gitignore:3", or "built in". */
  readonly source: string
}

/** The rules of one ignore file, with patterns relative to `base` (as a path relative to the scanned folder). */
interface RuleFile {
  /** "" for the scanned folder, "src" below it; for files above it, `prefix` is what to put before paths instead. */
  readonly base: string
  readonly prefix: string
  readonly patterns: readonly { readonly pattern: string; readonly mark: string }[]
  readonly matcher: Ignore
}

/** The rules that hold in one folder. */
export interface FolderRules {
  readonly folder: string
  readonly windfall: readonly RuleFile[]
  readonly git: readonly RuleFile[]
  /** Inside an ignored folder that is entered only for what `--include` names below it. */
  readonly onlyIncluded: RuleHit | undefined
  /** Changes when any of these rules changes. */
  readonly fingerprint: string
}

export class IgnoreRules {
  readonly root: string
  readonly includes: IncludeList
  readonly #ignoreCase: boolean
  readonly #top: FolderRules

  /** Reads what stands above `root`; files below are read as folders are entered. `include`: paths or globs below `root`. */
  constructor(root: string, include: readonly string[] = [], ignoreCase = process.platform === "darwin") {
    this.root = root
    this.includes = new IncludeList(include)
    this.#ignoreCase = ignoreCase
    this.#top = this.#readAbove()
  }

  /** The rules inside the scanned folder itself, given the names in it. */
  top(names?: readonly string[]): FolderRules {
    return this.#withFiles(this.#top, names)
  }

  /** The rules inside the folder `name` of `parent`, given the names in it. */
  enter(parent: FolderRules, name: string, onlyIncluded: RuleHit | undefined, names?: readonly string[]): FolderRules {
    const folder = joinPath(parent.folder, name)
    const fingerprint =
      onlyIncluded === parent.onlyIncluded ? parent.fingerprint : hashText(`${parent.fingerprint} only included`)
    const windfall = this.#insideOf(parent.windfall, folder)
    const git = this.#insideOf(parent.git, folder)
    return this.#withFiles({ folder, windfall, git, onlyIncluded, fingerprint }, names)
  }

  /**
   * Decides about `name` in the folder of `rules`: `undefined` when it travels, else why not. A folder that stays home
   * but holds something included is entered: `enterFor` is then true.
   */
  decide(rules: FolderRules, name: string, isFolder: boolean): (RuleHit & { readonly enterFor: boolean }) | undefined {
    if (neverTravels(name)) return { why: "never", rule: name, source: "built in", enterFor: false }
    const at = joinPath(rules.folder, name)
    const included = this.includes.covers(at)
    const secret = isSecretName(name)
    if (secret) {
      if (this.includes.names(at)) return undefined
      const enterFor = isFolder && this.includes.reachesBelow(at)
      return { why: "secret", rule: name, source: "built in", enterFor }
    }
    if (included) return undefined
    const hit = rules.onlyIncluded ?? this.#match(rules, at, isFolder)
    return hit && { ...hit, enterFor: isFolder && this.includes.reachesBelow(at) }
  }

  /**
   * Whether the path `at` (relative to the scanned folder) stays home, and by which rule; `path` says which folder above
   * it is the reason, or is `at` itself. For paths that a command names.
   */
  explain(at: string): (RuleHit & { readonly path: string }) | undefined {
    const parts = path.posix
      .normalize(at)
      .split("/")
      .filter((part) => part !== "" && part !== ".")
    if (parts[0] === "..") return undefined
    let rules = this.top()
    for (const [i, name] of parts.entries()) {
      const here = joinPath(rules.folder, name)
      const isFolder = i < parts.length - 1 || isDirectory(path.join(this.root, here))
      const hit = this.decide(rules, name, isFolder)
      if (hit !== undefined && !hit.enterFor) return { why: hit.why, rule: hit.rule, source: hit.source, path: here }
      if (hit !== undefined && i === parts.length - 1)
        return { why: hit.why, rule: hit.rule, source: hit.source, path: here }
      if (i < parts.length - 1) rules = this.enter(rules, name, hit, undefined)
    }
    return undefined
  }

  #match(rules: FolderRules, at: string, isFolder: boolean): RuleHit | undefined {
    for (const files of [rules.windfall, rules.git]) {
      for (const file of files) {
        const result = file.matcher.test(within(file, at) + (isFolder ? "/" : ""))
        if (result.ignored) {
          return { why: "ignored", rule: result.rule?.pattern ?? "", source: result.rule?.mark ?? "" }
        }
        if (result.unignored) return undefined
      }
    }
    return undefined
  }

  #withFiles(rules: FolderRules, names: readonly string[] | undefined): FolderRules {
    const git = this.#readFile(rules.folder, ".gitignore", names)
    const windfall = this.#readFile(rules.folder, ".windfallignore", names)
    if (git === undefined && windfall === undefined) return rules
    return {
      ...rules,
      windfall: windfall === undefined ? rules.windfall : [windfall.file, ...rules.windfall],
      git: git === undefined ? rules.git : [git.file, ...rules.git],
      fingerprint: hashText(`${rules.fingerprint}\0${git?.text ?? ""}\0${windfall?.text ?? ""}`),
    }
  }

  #readFile(folder: string, name: string, names: readonly string[] | undefined) {
    if (names !== undefined && !names.includes(name)) return undefined
    const at = joinPath(folder, name)
    const text = readText(path.join(this.root, at))
    return text === undefined ? undefined : { text, file: this.#parse(text, at, folder, "") }
  }

  #parse(text: string, source: string, base: string, prefix: string): RuleFile {
    const lines = text.replace(/^\ufeff/, "").split("\n")
    const patterns = lines.map((line, i) => ({ pattern: line.replace(/\r$/, ""), mark: `${source}:${i + 1}` }))
    return this.#toFile(base, prefix, patterns)
  }

  #toFile(base: string, prefix: string, patterns: RuleFile["patterns"]): RuleFile {
    return { base, prefix, patterns, matcher: ignore({ ignoreCase: this.#ignoreCase }).add(patterns) }
  }

  /**
   * The rules inside a folder that is walked. One that would have ignored this very folder was overruled by another file or
   * by the sender, who stands in the folder: it says nothing about what is inside, where the matcher would still apply it.
   */
  #insideOf(files: readonly RuleFile[], folder: string): readonly RuleFile[] {
    const overruled = (file: RuleFile): string | undefined => {
      const at = within(file, folder)
      const result = at === "" ? undefined : file.matcher.test(at.endsWith("/") ? at : `${at}/`)
      return result?.ignored ? result.rule?.mark : undefined
    }
    if (!files.some(overruled)) return files
    return files.map((file) => {
      let left = file
      for (let mark = overruled(left); mark !== undefined; mark = overruled(left)) {
        left = this.#toFile(
          left.base,
          left.prefix,
          left.patterns.filter((pattern) => pattern.mark !== mark),
        )
      }
      return left
    })
  }

  /** Rules of the repository around `root`, when it is a folder inside one. */
  #readAbove(): FolderRules {
    const found: { kind: "windfall" | "git"; text: string; file: RuleFile }[] = []
    let folder = this.root
    let prefix = ""
    let up = ""
    const read = (kind: "windfall" | "git", name: string) => {
      const text = readText(path.join(folder, name))
      if (text !== undefined) found.push({ kind, text, file: this.#parse(text, up + name, "", prefix) })
    }
    while (true) {
      if (prefix !== "") {
        read("windfall", ".windfallignore")
        read("git", ".gitignore")
      }
      if (fs.existsSync(path.join(folder, ".git"))) {
        read("git", ".git/info/exclude")
        break
      }
      const parent = path.dirname(folder)
      if (parent === folder) {
        found.length = 0 // no repository: what lies above is none of our business
        break
      }
      prefix = `${path.basename(folder)}/${prefix}`
      up += "../"
      folder = parent
    }
    const ofKind = (wanted: "windfall" | "git") => found.filter(({ kind }) => kind === wanted).map(({ file }) => file)
    const texts = found.map(({ kind, text }) => `\0${kind}\0${text}`)
    return {
      folder: "",
      windfall: this.#insideOf(ofKind("windfall"), ""),
      git: this.#insideOf(ofKind("git"), ""),
      onlyIncluded: undefined,
      fingerprint: hashText(`1 ${this.#ignoreCase} ${this.includes.text}${texts.join("")}`),
    }
  }
}

/** The path as the patterns of `file` see it. */
function within(file: RuleFile, at: string): string {
  return file.prefix + (file.base === "" ? at : at.slice(file.base.length + 1))
}

function readText(file: string): string | undefined {
  try {
    // git does not follow a link here either, and a FIFO would block.
    return fs.lstatSync(file).isFile() ? fs.readFileSync(file, "utf8") : undefined
  } catch {
    return undefined
  }
}

function isDirectory(file: string): boolean {
  return fs.lstatSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/**
 * Tells texts apart, for noticing that rules changed: two 32-bit FNV-1a hashes of different seeds. Nobody gains by making
 * two rules collide, and a cryptographic hash would cost a short send more than all else here.
 */
function hashText(text: string): string {
  let a = 0x811c9dc5
  let b = 0x01000193
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x01000193)
    b = Math.imul(b ^ unit, 0x85ebca6b)
    b ^= b >>> 13
  }
  return (a >>> 0).toString(16).padStart(8, "0") + (b >>> 0).toString(16).padStart(8, "0")
}
