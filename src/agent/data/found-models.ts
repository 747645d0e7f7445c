import type { Dirent } from "node:fs"
import { readdir, realpath, stat } from "node:fs/promises"
import { join } from "node:path"

/** Files of models are at least so large; smaller ones come sooner than they are found. */
const LEAST_BYTES = 1024 * 1024
const IS_MODEL = /\.(?:gguf|safetensors)$/i
/** A cache of Hugging Face's has `models--OWNER--NAME/snapshots/COMMIT/FOLDER/FILE`. */
const MOST_DEPTH = 6
const MOST_ENTRIES = 50_000

/**
 * Where programs that run models keep them, below a home folder: Hugging Face's libraries (huggingface_hub's `HF_HUB_CACHE`), LM Studio,
 * llama.cpp (`fs_get_cache_directory`), exo, and people.
 */
const USUAL_FOLDERS = [
  ".cache/huggingface/hub",
  ".lmstudio/models",
  ".cache/lm-studio/models",
  "Library/Caches/llama.cpp",
  ".cache/llama.cpp",
  ".exo/models",
  ".local/share/exo/models",
  "models",
] as const

/** Folders in which models may lie on this host. @param shared where jobs' downloads of Hugging Face go */
export function modelFolders(home: string, shared: string): readonly string[] {
  return [...USUAL_FOLDERS.map((folder) => join(home, folder)), join(shared, "huggingface")]
}

/**
 * Files of that name and length that lie on this host already, with links followed. Whether one has the very bytes is the caller's to see.
 * Never throws: what cannot be read is not there.
 */
export async function findModelFile(
  folders: readonly string[],
  name: string,
  bytes: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (bytes < LEAST_BYTES || !IS_MODEL.test(name)) return []
  const found = new Set<string>()
  let left = MOST_ENTRIES
  const waiting = folders.map((path) => ({ path, depth: 0 }))
  for (let next = waiting.shift(); next !== undefined && left > 0; next = waiting.shift()) {
    signal.throwIfAborted()
    const { path: folder, depth } = next
    const entries: readonly Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (--left <= 0) break
      const path = join(folder, entry.name)
      if (entry.isDirectory() && depth < MOST_DEPTH) waiting.push({ path, depth: depth + 1 })
      if (entry.name !== name || !(entry.isFile() || entry.isSymbolicLink())) continue
      const look = await stat(path).catch(() => undefined)
      if (look?.isFile() === true && look.size === bytes) found.add(await realpath(path).catch(() => path))
    }
  }
  return [...found]
}
