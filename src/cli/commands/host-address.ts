import type { HostScanRequest } from "../../protocol/api.ts"
import type { HostView } from "../../protocol/host.ts"
import type { HostAddressRequest } from "../../protocol/network-api.ts"
import type { Cli } from "../cli.ts"
import { confirmHostKey } from "./host-key.ts"

/**
 * Says where a host is reached from now on. It must show there the key it is known by, or another one that is confirmed: by a
 * person, or by a fingerprint given.
 * @throws {WindfallError} host_key_unconfirmed, and what keeps the server from it
 */
export async function changeAddress(
  cli: Cli,
  host: Pick<HostView, "id" | "name" | "hostKey">,
  {
    address,
    port,
    fingerprint,
  }: Pick<HostScanRequest, "address" | "port"> & { readonly fingerprint: string | undefined },
): Promise<HostView> {
  const again = `windfall host set ${host.name} --address ${address}${port === null ? "" : ` --port ${port}`}`
  const hostKey = await confirmHostKey(cli, { address, port }, fingerprint, again, host.hostKey)
  const request: HostAddressRequest = { address, port, hostKey: hostKey === host.hostKey ? null : hostKey }
  return cli.client.post<HostView>(`/v1/hosts/${encodeURIComponent(host.id)}/address`, request)
}
