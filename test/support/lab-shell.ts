import { randomUUID } from "node:crypto"
import type { LabHost } from "../lab/lab.ts"
import { Child } from "./child.ts"

const OPTIONS = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]

/** One ssh login with a shell that is told lines, for tests that ask a lab host many things. */
export class LabShell implements AsyncDisposable {
  readonly #host: LabHost
  #child: Child | undefined

  constructor(host: LabHost) {
    this.#host = host
  }

  /** What a line prints, both streams, without the last line end. Logs in anew where that login has ended. */
  async run(line: string): Promise<string> {
    const mark = randomUUID()
    this.#child ??= this.#login()
    const child = this.#child
    const from = child.stdout.length
    child.process.stdin.write(`{ ${line}\n} 2>&1 </dev/null; printf '\\n%s\\n' ${mark}\n`)
    await Promise.race([child.says(`${mark}\n`), child.ended])
    return child.stdout.slice(from, child.stdout.indexOf(`\n${mark}`, from)).replace(/\n$/, "")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child?.[Symbol.asyncDispose]()
  }

  #login(): Child {
    const { identityFile, port, user, address } = this.#host
    const options = ["-F", "/dev/null", ...OPTIONS.flatMap((option) => ["-o", option]), "-i", identityFile]
    const child = new Child("ssh", [...options, "-p", `${port}`, `${user}@${address}`, "exec /bin/sh -s"], {
      openInput: true,
    })
    void child.ended.then(() => {
      if (this.#child === child) this.#child = undefined
    })
    return child
  }
}
