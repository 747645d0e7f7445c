import { type LogRequest, type LogSink, readLog } from "./log-reader.ts"
import { NumberedSink } from "./numbered-sink.ts"

/** Reads what all members of a job on several hosts printed: as they print where that is followed, else one rank after the other. */
export async function readRanks(request: LogRequest, hosts: number, sink: LogSink): Promise<void> {
  const read = (rank: number) => readLog({ ...request, rank }, { stdout: 0, stderr: 0 }, new NumberedSink(rank, sink))
  const ranks = Array.from({ length: hosts }, (_, rank) => rank)
  if (request.follow) await Promise.all(ranks.map(read))
  else for (const rank of ranks) await read(rank)
}
