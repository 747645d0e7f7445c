import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** A temporary folder that is gone when the block it is declared in with `using` ends. */
export class ScratchFolder implements Disposable {
  readonly path: string = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "windfall-test-")))

  /** The absolute path of something in it. */
  at(...parts: string[]): string {
    return join(this.path, ...parts)
  }

  /** Writes files by relative path, with the folders they need; a path that ends in "/" is an empty folder. Returns the folder's path. */
  write(files: Readonly<Record<string, string | Uint8Array>>, below = ""): string {
    const root = this.at(below)
    fs.mkdirSync(root, { recursive: true })
    for (const [path, content] of Object.entries(files)) {
      const file = join(root, path)
      fs.mkdirSync(path.endsWith("/") ? file : dirname(file), { recursive: true })
      if (!path.endsWith("/")) fs.writeFileSync(file, content)
    }
    return root
  }

  [Symbol.dispose](): void {
    try {
      fs.rmSync(this.path, { recursive: true, force: true })
    } catch {
      // Python environments are read-only.
      execFileSync("chmod", ["-R", "u+rwx", this.path])
      fs.rmSync(this.path, { recursive: true, force: true })
    }
  }
}
