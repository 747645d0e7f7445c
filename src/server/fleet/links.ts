import type { AgentMessage } from "../../protocol/agent-wire.ts"
import type { OutputFrame } from "../../protocol/frames.ts"
import type { HostLink } from "../../protocol/host.ts"
import type { HostId } from "../../protocol/ids.ts"
import type { Core } from "../core.ts"
import { noteData } from "../data/data-hosts.ts"
import type { Hello, HostChannel, HostChannelEvents } from "../hosts/host-channel.ts"
import { applyNews } from "../jobs/agent-news.ts"
import { markOutOfContact } from "../jobs/contact.ts"
import { reconcile } from "../jobs/reconcile.ts"
import { settleOutput } from "../jobs/settle.ts"
import { sendPage } from "../owners/lent.ts"
import { memoryNow } from "./memory-now.ts"
import { noteMachine } from "./note-machine.ts"
import { concludeOwnerLeft } from "./owner-left.ts"

/** Takes what the links to hosts tell into the ledger and the logs. */
export class Links implements HostChannelEvents {
  readonly #core: Core
  /** A channel may close before the change that takes it in is made. */
  readonly #closed = new WeakSet<HostChannel>()
  #outputHeld = false

  constructor(core: Core) {
    this.#core = core
  }

  onOpen(channel: HostChannel, hello: Hello): void {
    const core = this.#core
    this.#change(
      () => {
        if (this.#closed.has(channel)) return
        const host = core.fleet.get(channel.hostId)
        if (host === undefined) {
          channel.close("the host was removed")
          return
        }
        if (host.channel !== null) {
          host.channel.close("a newer link has taken over")
          host.ending.abort()
        }
        host.channel = channel
        host.ownerUntaken = 0
        host.ending = new AbortController()
        if (this.#outputHeld) channel.pauseOutput()
        core.fleet.setTrees(host, hello.trees)
        noteData(core, host, hello.data ?? [])
        core.fleet.setPresence(host, null)
        core.weeks.silence(host.record.id)
        reconcile(core, host, hello)
        core.fleet.update(host, { ...host.record, facts: hello.facts, machine: noteMachine(core, host, hello.machine) })
        // What runs there already has some of it: then the first sample tells.
        const isEmpty = hello.attempts.every(({ phase }) => phase !== "running")
        const available = isEmpty ? hello.facts.memoryAvailableBytes : undefined
        core.fleet.setMemoryNow(host, memoryNow(hello.facts, host.total, available, []))
        sendPage(core, host)
        core.fleet.setLink(host, "ready", null, core.clock.now())
        core.ledger.hostChanged(host)
        core.ledger.event({
          type: "host_link",
          host: host.record.id,
          name: host.record.name,
          link: "ready",
          reason: null,
        })
        core.wakePlanner()
      },
      { channel },
    )
  }

  onMessages(channel: HostChannel, messages: readonly AgentMessage[]): void {
    const core = this.#core
    this.#change(
      () => {
        const host = core.fleet.get(channel.hostId)
        if (host?.channel === channel) applyNews(core, host, channel, messages)
      },
      { channel, lazyMs: messages.every(canWait) ? LAZY_MS : 0 },
    )
  }

  onOutput(channel: HostChannel, output: OutputFrame): void {
    const core = this.#core
    // Before `adopt` has told from where, or from a link that another has replaced, output would only tear holes.
    if (core.fleet.get(channel.hostId)?.channel !== channel) return
    const tried = core.table.onHostWith(channel.hostId, output.sequence)
    if (tried === undefined || tried.attempt.logComplete) return
    const { attempt } = tried
    const log = core.logs.live(attempt.job, attempt.number, attempt.member?.rank)
    log.accept(output)
    if (attempt.stdoutBytes === null || attempt.stderrBytes === null) return
    if (log.received("stdout") >= attempt.stdoutBytes && log.received("stderr") >= attempt.stderrBytes) {
      this.#change(() => {
        const now = core.table.attempt(attempt.id)
        if (now !== undefined) settleOutput(core, now)
      })
    }
  }

  onClosed(channel: HostChannel, reason: string): void {
    const core = this.#core
    this.#closed.add(channel)
    const host = core.fleet.get(channel.hostId)
    if (host?.channel !== channel) return
    host.channel = null
    host.outbox = []
    core.fleet.setMemoryNow(host, undefined)
    host.ending.abort()
    core.fleet.setLink(host, "connecting", reason, core.clock.now())
    this.#change(() => {
      if (host.channel === null && host.record.leaving?.phase === "left") concludeOwnerLeft(core, host)
      else if (host.channel === null) markOutOfContact(core, host, core.clock.now())
      core.wakePlanner()
    })
  }

  onLeft(hostId: HostId): void {
    const core = this.#core
    this.#change(() => {
      const host = core.fleet.get(hostId)
      if (host !== undefined) concludeOwnerLeft(core, host)
    })
  }

  onLink(hostId: HostId, link: HostLink, reason: string | null): void {
    const core = this.#core
    this.#change(() => {
      const host = core.fleet.get(hostId)
      if (host === undefined || (host.link === link && host.reason === reason)) return
      if (host.record.leaving?.phase === "left") return
      // Whether an agent answers is known better here than there.
      if ((link === "ready") !== (host.channel !== null)) return
      const changed = host.link !== link
      core.fleet.setLink(host, link, reason, core.clock.now())
      core.wakePlanner()
      if (!changed || link === "connecting") return
      core.ledger.event({ type: "host_link", host: hostId, name: host.record.name, link, reason })
    })
  }

  /** Stops or starts reading output from all hosts: the disk of the server is behind, or no longer so. */
  holdOutput(held: boolean): void {
    this.#outputHeld = held
    for (const { channel } of this.#core.fleet.all()) {
      if (held) channel?.pauseOutput()
      else channel?.resumeOutput()
    }
  }

  /** Closes all channels, so that each host says anew what it holds. */
  resetAll(reason: string): void {
    for (const { channel } of this.#core.fleet.all()) channel?.close(reason)
  }

  /** When a change fails, its channel is closed: the next contact tells everything anew. */
  #change(apply: () => void, options: { readonly channel?: HostChannel; readonly lazyMs?: number } = {}): void {
    const { channel, lazyMs = 0 } = options
    this.#core.ledger.change(apply, { lazyMs }).catch((error: unknown) => {
      if (this.#core.signal.aborted) return
      this.#core.report("Cannot take in what a host says", error)
      channel?.close("the server could not take in what it said")
    })
  }
}

const LAZY_MS = 10

/** News that nothing follows from at once: no lease comes free by it, and whoever sees it sees it soon enough. */
function canWait({ type }: AgentMessage): boolean {
  return type === "started" || type === "forgotten" || type === "sample" || type === "vitals" || type === "placing"
}
