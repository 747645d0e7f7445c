import type { GitRecord } from "../../protocol/job.ts"
import { makePrivateFolder } from "../../workspace/make-folder.ts"
import { fs, nodeChildProcess, path } from "../builtin.ts"
import { OWN_FOLDERS_HINT, type Settings } from "../config.ts"

/** Secrets stay home, in a diff too. */
const NOT_IN_DIFF = [
  ".env*",
  "*.pem",
  "*.key",
  "*.p12",
  ".netrc",
  ".npmrc",
  ".pypirc",
  "credentials.json",
  "service[-_]account*.json",
  "client_secret*.json",
  "id_*",
].map((glob) => `:(exclude,glob)**/${glob}`)
const MAX_DIFF_BYTES = 256 * 1024
const GIT_TIMEOUT_MS = 10_000

/** Where a repository's state lies, found without running git: that takes longer than everything else of a short send. */
interface Repository {
  readonly top: string
  /** The worktree's own folder, with HEAD. */
  readonly gitFolder: string
  /** Where branches are kept: the same, but for linked worktrees. */
  readonly commonFolder: string
}

/**
 * What the folder is in git's terms; `null` outside a repository, in one without a commit, and where git's files are not
 * as known. `state` names the folder's content: while it and the commit stay the same, so does the diff, and git is not run.
 */
export async function readGitRecord(folder: string, settings: Settings, state: string): Promise<GitRecord | null> {
  const repository = findRepository(folder)
  if (repository === undefined) return null
  const head = readHead(repository)
  if (head === undefined) return null
  const cacheFile = path.join(settings.cacheFolder, "diffs", `${encodeURIComponent(folder).slice(-180)}.json`)
  const key = `${head.commit} ${state}`
  const cached = readCached(cacheFile)
  if (cached?.key === key) return { ...head, dirtyDiff: cached.diff }
  const diff = await gitDiff(folder)
  if (diff === undefined) return { ...head, dirtyDiff: "" }
  try {
    makePrivateFolder(path.dirname(cacheFile), OWN_FOLDERS_HINT)
    fs.writeFileSync(cacheFile, JSON.stringify({ key, diff }), { mode: 0o600 })
  } catch {
    // A cache that cannot be written costs time, nothing else.
  }
  return { ...head, dirtyDiff: diff }
}

function findRepository(folder: string): Repository | undefined {
  for (let at = folder; ; at = path.dirname(at)) {
    const dot = path.join(at, ".git")
    const stat = fs.statSync(dot, { throwIfNoEntry: false })
    if (stat?.isDirectory()) return { top: at, gitFolder: dot, commonFolder: dot }
    if (stat?.isFile()) {
      const target = /^gitdir: (.+)$/m.exec(readText(dot) ?? "")?.[1]
      if (target === undefined) return undefined
      const gitFolder = path.resolve(at, target)
      const common = readText(path.join(gitFolder, "commondir"))?.trim()
      return { top: at, gitFolder, commonFolder: common === undefined ? gitFolder : path.resolve(gitFolder, common) }
    }
    if (path.dirname(at) === at) return undefined
  }
}

function readHead({ gitFolder, commonFolder }: Repository): { commit: string; branch: string | null } | undefined {
  const head = readText(path.join(gitFolder, "HEAD"))?.trim() ?? ""
  if (isCommit(head)) return { commit: head, branch: null }
  const name = /^ref: (refs\/.+)$/.exec(head)?.[1]
  if (name === undefined || name.includes("..")) return undefined
  const branch = name.replace(/^refs\/heads\//, "")
  const loose = readText(path.join(commonFolder, name))?.trim()
  if (loose !== undefined && isCommit(loose)) return { commit: loose, branch }
  for (const line of (readText(path.join(commonFolder, "packed-refs")) ?? "").split("\n")) {
    const [commit = "", ref] = line.split(" ")
    if (ref === name && isCommit(commit)) return { commit, branch }
  }
  return undefined
}

function isCommit(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
}

function gitDiff(folder: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const git = nodeChildProcess().spawn(
      "git",
      ["-C", folder, "diff", "--no-color", "--no-ext-diff", "HEAD", "--", ".", ...NOT_IN_DIFF],
      {
        stdio: ["ignore", "pipe", "ignore"],
        timeout: GIT_TIMEOUT_MS,
      },
    )
    const chunks: Buffer[] = []
    let bytes = 0
    git.stdout.on("data", (chunk: Buffer) => {
      if (bytes < MAX_DIFF_BYTES) chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= MAX_DIFF_BYTES) git.kill()
    })
    git.on("error", () => resolve(undefined))
    git.on("close", (code) => {
      const diff = Buffer.concat(chunks).subarray(0, MAX_DIFF_BYTES)
      // Cut between characters, not within one.
      resolve(code === 0 || bytes >= MAX_DIFF_BYTES ? new TextDecoder().decode(diff).replace(/\ufffd$/, "") : undefined)
    })
  })
}

function readCached(file: string): { key: string; diff: string } | undefined {
  try {
    const cached: unknown = JSON.parse(readText(file) ?? "null")
    const { key, diff } = (cached ?? {}) as { key?: unknown; diff?: unknown }
    return typeof key === "string" && typeof diff === "string" ? { key, diff } : undefined
  } catch {
    return undefined
  }
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8")
  } catch {
    return undefined
  }
}
