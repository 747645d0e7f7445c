import { fs, path } from "./builtin.ts"
import { homeNotesFolder, type Settings, writePrivate } from "./config.ts"

/** Notes of older jobs go when there are more than this for one server. */
const KEPT = 500

/**
 * Notes that all files of a job came home to `folder`, so that nobody is told they wait. Only a reminder: where it cannot be
 * written, nothing else is lost.
 */
export function noteCameHome(settings: Settings, url: string, job: number, folder: string): void {
  const notes = notesOf(settings, url)
  try {
    writePrivate(path.join(notes, String(job)), folder)
    const jobs = fs.readdirSync(notes).filter((name) => /^\d+$/.test(name))
    if (jobs.length <= KEPT) return
    const old = jobs.sort((a, b) => Number(a) - Number(b)).slice(0, KEPT / 2)
    for (const name of old) fs.rmSync(path.join(notes, name), { force: true })
  } catch {
    // A full disk must not turn files that are home into a failure.
  }
}

/** The folder to which all files of a job came home; `undefined` when that is not known here. */
export function cameHomeTo(settings: Settings, url: string, job: number): string | undefined {
  try {
    return fs.readFileSync(path.join(notesOf(settings, url), String(job)), "utf8")
  } catch {
    return undefined
  }
}

function notesOf(settings: Settings, url: string): string {
  return path.join(homeNotesFolder(settings), encodeURIComponent(url).slice(0, 200))
}
