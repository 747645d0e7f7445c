import { type HubFileEntry, type HubListing, hashFromEtag, readRevision, readTreePage } from "../hive/hub/listing.ts"
import type { Repository } from "../hive/hub/repository.ts"
import { WindfallError } from "../protocol/errors.ts"
import { readNextPage } from "./answer-headers.ts"
import { askHub, type HubAnswer } from "./ask-hub.ts"
import { type Hub, hubAddress } from "./hub.ts"
import { HubTrouble, Patience } from "./patience.ts"

const MOST_LISTING_BYTES = 64e6
const MOST_PAGES = 1_000

/**
 * The files of a repository at a revision, which is pinned to its commit: whatever moves there later, what is fetched belongs together.
 * @throws {WindfallError} file_not_found, not_allowed, hub_unreachable
 */
export async function listRepository(
  hub: Hub,
  { name, revision }: Pick<Repository, "name" | "revision">,
  signal: AbortSignal,
): Promise<HubListing> {
  const doing = `list ${name}`
  const address = hubAddress(hub, `api/models/${name}/revision/${revision}`, "?blobs=true")
  const { value } = await askJson(hub, address, doing, signal)
  const listing = readRevision(name, value)
  if (listing.files.every(({ bytes, hash }) => bytes !== null && hash !== null)) return listing
  // Some hubs know no `blobs=true`; the tree has sizes and hashes, too.
  const byPath = new Map(listing.files.map((file) => [file.path, file]))
  for (const file of await listTree(hub, listing, signal)) byPath.set(file.path, file)
  return { ...listing, files: [...byPath.values()] }
}

async function listTree(hub: Hub, { repository, commit }: HubListing, signal: AbortSignal): Promise<HubFileEntry[]> {
  const files: HubFileEntry[] = []
  let next: URL | null = hubAddress(hub, `api/models/${repository}/tree/${commit}`, "?recursive=true")
  for (let page = 0; next !== null && page < MOST_PAGES; page++) {
    const asked: Awaited<ReturnType<typeof askJson>> | null = await askJson(
      hub,
      next,
      `list ${repository}`,
      signal,
    ).catch((error: unknown) => {
      // Such a hub tells of each file when that is asked for.
      if (error instanceof WindfallError && error.code === "file_not_found") return null
      throw error
    })
    if (asked === null) return files
    files.push(...readTreePage(repository, asked.value))
    const link: URL | null = asked.next === null ? null : URL.parse(asked.next, next)
    // The token goes to the hub alone, so a page elsewhere is none of it.
    next = link?.origin === hub.base.origin ? link : null
  }
  return files
}

/**
 * What the hub says of files of which the listing does not say all, file by file.
 * @throws {WindfallError} hub_unreachable for one whose size or hash nobody says: it could not be checked
 */
export async function fillIn(
  hub: Hub,
  { repository, commit }: Pick<HubListing, "repository" | "commit">,
  files: readonly HubFileEntry[],
  signal: AbortSignal,
): Promise<readonly SizedFile[]> {
  const filled: SizedFile[] = []
  for (const file of files) {
    const { path, bytes, hash } = file
    if (bytes !== null && hash !== null) {
      filled.push({ path, bytes, hash })
      continue
    }
    const doing = `look at ${path}`
    const said = await new Patience(hub, doing, signal).until(async () => {
      const address = hubAddress(hub, `${repository}/resolve/${commit}/${path}`)
      await using answer = await askHub(hub, address, { method: "HEAD", doing, stopAtLinked: true, signal })
      const length = answer.headers.get("content-length")
      const isLinked = answer.linked.etag !== null
      return {
        bytes: answer.linked.bytes ?? (!isLinked && length !== null ? Number(length) : null),
        hash: hashFromEtag(answer.linked.etag ?? answer.headers.get("etag")),
      }
    })
    const [size, name] = [bytes ?? said.bytes, hash ?? said.hash]
    if (size === null || name === null)
      throw new WindfallError(
        "hub_unreachable",
        `Cannot fetch ${path}: the hub does not say how large it is and what its hash is`,
        {
          hint: "What cannot be checked is not taken into the lab",
        },
      )
    filled.push({ path, bytes: size, hash: name })
  }
  return filled
}

/** A file of which all is known. */
export interface SizedFile extends HubFileEntry {
  readonly bytes: number
  readonly hash: NonNullable<HubFileEntry["hash"]>
}

/** A JSON answer and where its next page is. */
async function askJson(
  hub: Hub,
  address: URL,
  doing: string,
  signal: AbortSignal,
): Promise<{ readonly value: unknown; readonly next: string | null }> {
  return new Patience(hub, doing, signal).until(async () => {
    await using answer = await askHub(hub, address, { doing, headers: { accept: "application/json" }, signal })
    const text = await readText(answer, doing)
    try {
      return { value: JSON.parse(text) as unknown, next: readNextPage(answer.headers.get("link")) }
    } catch {
      throw new HubTrouble("its answer is no JSON, or only a part of it")
    }
  })
}

async function readText(answer: HubAnswer, doing: string): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of answer.pieces()) {
    bytes += piece.length
    if (bytes > MOST_LISTING_BYTES) throw new WindfallError("too_large", `Cannot ${doing}: the answer is too large`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}
