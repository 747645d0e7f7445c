import type { Me } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostView } from "../../protocol/host.ts"
import type { Cli } from "../cli.ts"
import { listHosts } from "../commands/host-ls.ts"
import { findHost } from "../commands/host-show.ts"

/**
 * The Mac that is meant: the one named, or the only one that belongs to who asks.
 * @throws {WindfallError} `host_not_found`; `invalid_input` where it must be named
 */
export async function ownMac(cli: Cli, named: string | undefined): Promise<HostView> {
  if (named !== undefined) return findHost(cli, named)
  const [{ user }, hosts] = await Promise.all([cli.client.get<Me>("/v1/me"), listHosts(cli)])
  const own = hosts.filter(({ owner }) => owner === user)
  const [only] = own
  if (only !== undefined && own.length === 1) return only
  throw new WindfallError(
    "invalid_input",
    own.length === 0
      ? `Cannot tell which Mac is meant: none of the pool belongs to ${user}`
      : `Cannot tell which Mac is meant: ${own.map(({ name }) => name).join(", ")} belong to ${user}`,
    {
      hint:
        own.length === 0
          ? "Name it with --host; whose it is says an administrator: windfall host set HOST --owner NAME"
          : "Name it with --host",
    },
  )
}
