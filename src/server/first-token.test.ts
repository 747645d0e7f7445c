import assert from "node:assert/strict"
import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { SimulatedHosts } from "../../test/support/simulated-hosts.ts"
import { startServer } from "./start-server.ts"

test("a start that fails because the port is taken does not use up the first token", async () => {
  using folder = new ScratchFolder()
  const start = (port: number) =>
    startServer({
      dataFolder: folder.at("data"),
      keyFile: folder.at("key"),
      cacheFolder: folder.at("cache"),
      port,
      openHosts: new SimulatedHosts(folder.at("hosts")).open,
      log: () => {},
    })
  await using other = createServer().listen(0, "127.0.0.1")
  await once(other, "listening")
  await assert.rejects(start((other.address() as AddressInfo).port), /something listens there already/)
  await using server = await start(0)
  assert.equal(server.firstToken?.user, "admin")
  await server.stop()
  await using again = await start(0)
  assert.equal(again.firstToken, null)
})
