import { WindfallError } from "../../protocol/errors.ts"

/** By what a file's bytes are known: the sha256 of one in large file storage, else what git calls its blob. */
export interface ContentHash {
  readonly kind: "sha256" | "git"
  /** In lower-case hex. */
  readonly hex: string
}

/** A file of a repository. */
export interface HubFileEntry {
  /** From the top of the repository. */
  readonly path: string
  /** `null`: the listing does not say. */
  readonly bytes: number | null
  readonly hash: ContentHash | null
}

/** A repository at one commit. */
export interface HubListing {
  readonly repository: string
  readonly commit: string
  readonly files: readonly HubFileEntry[]
}

type Json = Readonly<Record<string, unknown>>

/** More would be no model. */
const MOST_FILES = 100_000

/**
 * Reads what `GET /api/models/NAME/revision/REVISION?blobs=true` answers. Files with a path that could lead elsewhere, or that no host can have, are left out.
 * @throws {WindfallError} hub_unreachable when it names no commit or no files
 */
export function readRevision(repository: string, answer: unknown): HubListing {
  const { sha, siblings } = objectOf(answer) ?? {}
  if (typeof sha !== "string" || !/^[0-9a-f]{40}$/.test(sha)) throw unreadable(repository, "it names no commit")
  if (!Array.isArray(siblings)) throw unreadable(repository, "it lists no files")
  return { repository, commit: sha, files: entries(repository, siblings, "rfilename") }
}

/**
 * Reads one page of what `GET /api/models/NAME/tree/COMMIT?recursive=true` answers.
 * @throws {WindfallError} hub_unreachable
 */
export function readTreePage(repository: string, answer: unknown): readonly HubFileEntry[] {
  if (!Array.isArray(answer)) throw unreadable(repository, "it lists no files")
  const files = answer.filter((one) => objectOf(one)?.type !== "directory")
  return entries(repository, files, "path")
}

/** What an ETag says of the bytes: hubs name files by their hash there. `null` where it is something else. */
export function hashFromEtag(etag: string | null): ContentHash | null {
  const hex = /^(?:W\/)?"?([0-9a-f]{40}|[0-9a-f]{64})"?$/i.exec(etag ?? "")?.[1]?.toLowerCase()
  if (hex === undefined) return null
  return { kind: hex.length === 64 ? "sha256" : "git", hex }
}

function entries(repository: string, list: readonly unknown[], key: "rfilename" | "path"): HubFileEntry[] {
  if (list.length > MOST_FILES) throw unreadable(repository, `it lists ${list.length} files`)
  const files = new Map<string, HubFileEntry>()
  for (const one of list) {
    const entry = objectOf(one)
    const path = entry?.[key]
    if (entry === null || typeof path !== "string" || !isPlainPath(path)) continue
    const lfs = objectOf(entry.lfs)
    files.set(path, {
      path,
      bytes: sizeOf(lfs?.size) ?? sizeOf(entry.size),
      hash:
        lfs === null ? hashOf("git", entry.blobId ?? entry.oid) : hashOf("sha256", lfs.sha256 ?? lfs.oid ?? undefined),
    })
  }
  return [...files.values()]
}

/** The longest name that file systems of hosts can have (NAME_MAX), in bytes. */
const LONGEST_NAME_BYTES = 255

/** Relative, and made of names that mean nothing but themselves. */
function isPlainPath(path: string): boolean {
  if (path.length > 1024 || !path.isWellFormed() || /[\0-\x1f\\]/.test(path)) return false
  return path
    .split("/")
    .every((part) => part !== "" && part !== "." && part !== ".." && Buffer.byteLength(part) <= LONGEST_NAME_BYTES)
}

function sizeOf(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null
}

function hashOf(kind: ContentHash["kind"], value: unknown): ContentHash | null {
  const hash = typeof value === "string" ? hashFromEtag(value.replace(/^sha256:/, "")) : null
  return hash?.kind === kind ? hash : null
}

function objectOf(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null
}

function unreadable(repository: string, why: string): WindfallError {
  return new WindfallError("hub_unreachable", `Cannot read what the hub says of ${repository}: ${why}`, {
    hint: "Is it a hub like Hugging Face's? It is set by HF_ENDPOINT, or windfall up --hub URL",
  })
}
