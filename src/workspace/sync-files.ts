import { spawn } from "node:child_process"
import { open } from "node:fs/promises"

/** Up to this many files are synced one by one; more of them in one go by a small child process. */
const ONE_BY_ONE = 48
const CONCURRENCY = 8

/**
 * Makes files (and folders) durable: after it, they survive a loss of power. Files that are gone by then are passed over.
 *
 * One fsync a file is slow for thousands of files: a flush of the drive each. So on Linux `sync -f` writes back the whole
 * file system at once. On macOS Node's fsync is F_FULLFSYNC, which empties the drive's cache each time; there Perl calls
 * the plain fsync(2), which hands the data to the drive, and one F_FULLFSYNC at the end empties the cache for all
 * (fsync(2) on macOS: "the drive itself may not physically write the data ... F_FULLFSYNC").
 */
export async function syncFiles(paths: readonly string[]): Promise<void> {
  const last = paths.at(-1)
  if (last === undefined) return
  if (paths.length > ONE_BY_ONE && (await syncTogether(paths, last))) return
  const queue = paths.values()
  const work = async (): Promise<void> => {
    for (const path of queue) await syncFile(path)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
}

async function syncFile(path: string): Promise<void> {
  try {
    await using file = await open(path, "r")
    await file.sync()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
  }
}

const PERL = `use IO::Handle; $/ = "\\0"; while (<STDIN>) { chomp; open(my $f, "<", $_) or next; $f->sync or exit 1 }`

async function syncTogether(paths: readonly string[], last: string): Promise<boolean> {
  if (process.platform === "darwin") {
    const done = await runQuietly("/usr/bin/perl", ["-e", PERL], paths.join("\0"))
    if (done) await syncFile(last)
    return done
  }
  return runQuietly("sync", ["-f", last], "")
}

function runQuietly(command: string, args: readonly string[], input: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ["pipe", "ignore", "ignore"] })
    child.once("error", () => resolve(false))
    child.once("close", (code) => resolve(code === 0))
    child.stdin.on("error", () => {})
    child.stdin.end(input)
  })
}
