/** Questions about trees whose objects can be read: what belongs to one, what is not here yet, what differs. */
import { WindfallError } from "../protocol/errors.ts"
import type { BlobHash } from "../protocol/ids.ts"
import type { BlobFolder } from "./blob-folder.ts"
import { joinPath } from "./safe-path.ts"
import { decodeChunkList, decodeTree, EMPTY_TREE, type FileEntry, type FolderEntry, type TreeEntry } from "./tree.ts"

/** Gives a tree object or chunk list, verified. */
export type ReadBlob = (hash: BlobHash) => Uint8Array
/** As {@link ReadBlob}; `undefined` for one that is not to be had, so that what lies below it is passed over. */
export type TryReadBlob = (hash: BlobHash) => Uint8Array | undefined

/** Deeper than any path a system accepts; keeps a hostile tree from exhausting the stack. */
const MAX_DEPTH = 2100

/** Every hash of a tree: its tree objects, chunk lists, chunks and files, the root included; as far as they can be read. */
export function closure(root: BlobHash, read: TryReadBlob): Set<BlobHash> {
  const seen = new Set<BlobHash>()
  addClosure(root, read, seen)
  return seen
}

/**
 * The hashes of `root`'s tree that are not in the same place in the tree `base`: what has to travel to one who has `base`.
 * Costs as much as what changed. A blob that only moved is named too. `undefined` when it is more than about `most`.
 */
export function diffClosure(
  base: BlobHash,
  root: BlobHash,
  read: ReadBlob,
  most: number = Number.POSITIVE_INFINITY,
): BlobHash[] | undefined {
  const found = new Set<BlobHash>()
  const walk = (before: BlobHash, after: BlobHash, depth: number): void => {
    if (before === after || found.has(after) || found.size > most) return
    checkDepth(depth)
    found.add(after)
    const known = new Map(decodeTree(read(before)).map((entry) => [entry.name, entry]))
    for (const entry of decodeTree(read(after))) {
      const last = known.get(entry.name)
      if (entry.kind === "link") continue
      if (last?.kind === "folder" && entry.kind === "folder") walk(last.hash, entry.hash, depth + 1)
      else if (last?.kind !== entry.kind || last.hash !== entry.hash) addEntry(entry, read, found, depth + 1, most)
    }
  }
  walk(base, root, 0)
  return found.size > most ? undefined : [...found]
}

/**
 * What is missing of a tree in a blob folder, as far as can be told: below a tree object that is missing itself nothing is
 * known yet, so ask again once what was named has come. `[]` means the tree is whole.
 */
export function missingFrom(root: BlobHash, blobs: BlobFolder): BlobHash[] {
  return new WholeTrees(blobs).missingFrom(root)
}

/** Remembers which trees of a blob folder are whole, so that asking about the next version of a tree costs what changed. */
export class WholeTrees {
  readonly #blobs: BlobFolder
  readonly #whole = new Set<BlobHash>()
  #generation: number

  constructor(blobs: BlobFolder) {
    this.#blobs = blobs
    this.#generation = blobs.generation
  }

  /** As {@link missingFrom}. */
  missingFrom(root: BlobHash): BlobHash[] {
    if (this.#generation !== this.#blobs.generation) {
      this.#whole.clear() // something was removed since
      this.#generation = this.#blobs.generation
    }
    const missing = new Set<BlobHash>()
    this.#check(root, missing, new Set(), 0)
    return [...missing]
  }

  #check(tree: BlobHash, missing: Set<BlobHash>, broken: Set<BlobHash>, depth: number): boolean {
    if (this.#whole.has(tree)) return true
    if (broken.has(tree)) return false
    checkDepth(depth)
    let whole = true
    for (const entry of this.#entriesOf(tree, missing) ?? []) {
      if (entry.kind === "folder") whole = this.#check(entry.hash, missing, broken, depth + 1) && whole
      if (entry.kind === "file") whole = this.#checkFile(entry, missing) && whole
    }
    if (missing.has(tree)) whole = false
    ;(whole ? this.#whole : broken).add(tree)
    return whole
  }

  #entriesOf(tree: BlobHash, missing: Set<BlobHash>): TreeEntry[] | undefined {
    const bytes = this.#blobs.readIfSound(tree)
    if (bytes === undefined) missing.add(tree)
    return bytes && decodeTree(bytes)
  }

  #checkFile(file: FileEntry, missing: Set<BlobHash>): boolean {
    if (!file.chunked) {
      if (this.#blobs.bytesOf(file.hash) === file.bytes) return true
      missing.add(file.hash)
      return false
    }
    const list = this.#blobs.readIfSound(file.hash)
    const lacking = list === undefined ? [file.hash] : this.#blobs.missing(decodeChunkList(list, file.bytes))
    for (const hash of lacking) missing.add(hash)
    return lacking.length === 0
  }
}

export interface TreeSize {
  readonly files: number
  readonly folders: number
  readonly links: number
  readonly bytes: number
}

/**
 * Counts a tree without laying it out. Equal folders are counted each time they occur but read once, so that a small hostile
 * tree that stands for billions of files is found out.
 * @throws {WindfallError} too_large beyond `maxEntries`
 */
export function measureTree(root: BlobHash, read: TryReadBlob, maxEntries = 10_000_000): TreeSize {
  const known = new Map<BlobHash, TreeSize>()
  const measure = (tree: BlobHash, depth: number): TreeSize => {
    const before = known.get(tree)
    if (before !== undefined) return before
    checkDepth(depth)
    let [files, folders, links, bytes] = [0, 0, 0, 0]
    for (const entry of entriesIn(tree, read)) {
      if (entry.kind === "link") links++
      if (entry.kind === "file") {
        files++
        bytes += entry.bytes
      }
      if (entry.kind === "folder") {
        const below = measure(entry.hash, depth + 1)
        files += below.files
        folders += below.folders + 1
        links += below.links
        bytes += below.bytes
      }
      if (files + folders + links > maxEntries) {
        throw new WindfallError("too_large", `Cannot accept a tree of more than ${maxEntries} entries`)
      }
    }
    const size = { files, folders, links, bytes }
    known.set(tree, size)
    return size
  }
  return measure(root, 0)
}

/** All entries of a tree with their paths, folders before what is in them, in order of name. */
export function* listTree(
  root: BlobHash,
  read: TryReadBlob,
): Generator<{ readonly path: string; readonly entry: TreeEntry }> {
  const waiting: { path: string; entry: TreeEntry; depth: number }[] = []
  const add = (folder: string, tree: BlobHash, depth: number): void => {
    checkDepth(depth)
    for (const entry of entriesIn(tree, read).reverse()) {
      waiting.push({ path: joinPath(folder, entry.name), entry, depth })
    }
  }
  add("", root, 0)
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield { path: next.path, entry: next.entry }
    if (next.entry.kind === "folder") add(next.path, next.entry.hash, next.depth + 1)
  }
}

/** None, where the tree object cannot be had. */
function entriesIn(tree: BlobHash, read: TryReadBlob): TreeEntry[] {
  const bytes = read(tree)
  return bytes === undefined ? [] : decodeTree(bytes)
}

function addClosure(root: BlobHash, read: TryReadBlob, found: Set<BlobHash>): void {
  addEntry({ kind: "folder", name: "", mode: 0, hash: root }, read, found, 0)
}

function addEntry(
  entry: FileEntry | FolderEntry,
  read: TryReadBlob,
  found: Set<BlobHash>,
  depth: number,
  most: number = Number.POSITIVE_INFINITY,
): void {
  if (found.has(entry.hash) || found.size > most) return
  checkDepth(depth)
  found.add(entry.hash)
  if (entry.kind === "file") {
    if (!entry.chunked) return
    const list = read(entry.hash)
    if (list !== undefined) for (const chunk of decodeChunkList(list, entry.bytes)) found.add(chunk)
    return
  }
  if (entry.hash === EMPTY_TREE) return
  for (const child of entriesIn(entry.hash, read)) {
    if (child.kind !== "link") addEntry(child, read, found, depth + 1, most)
  }
}

function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH) {
    throw new WindfallError("unsafe_path", `Cannot accept a tree with folders nested more than ${MAX_DEPTH} deep`)
  }
}
