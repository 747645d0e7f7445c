import type { LostNews } from "../hive/order/hive-news.ts"
import { Guardian } from "./guardian.ts"
import type { MemberContext } from "./member-context.ts"
import { ticks } from "./ticks.ts"

/** Of `silentMs`: where there are other members, they say it before, and better. */
const PATIENCE = 3

/**
 * Counts seconds in which not a word comes, and has no clock: a host that sleeps, or a job that is stopped with all its processes, takes nobody
 * for silent. What it prints must not keep it from the kill. A shell could not wait for a word for a time only.
 */
const SOURCE = String.raw`
my ($pid, $seconds, $most, $line) = @ARGV;
$SIG{$_} = "IGNORE" for qw(HUP INT TERM PIPE);
my ($missed, $input) = (0, "");
vec($input, fileno(STDIN), 1) = 1;
while ($missed < $most) {
  my $found = select(my $ready = $input, undef, undef, $seconds);
  if ($found > 0) { exit 0 unless sysread(STDIN, my $words, 4096); $missed = 0 }
  elsif ($found == 0) { $missed++ }
}
eval { local $SIG{ALRM} = sub { die }; alarm 2; syswrite(STDOUT, "$line\n"); alarm 0 };
kill "KILL", $pid;
`

/**
 * Ends this very program where it stands still, stopped by somebody or hung: nobody else may be there to miss its proof of life, and its engine would be
 * watched by nobody. It says so on standard output, as a member would; the engine's guardian does the rest.
 */
export class LifeGuard implements AsyncDisposable {
  readonly #guardian: Guardian
  readonly #over = new AbortController()

  /** @param pid of this program */
  constructor({ order, rank, places, clock }: MemberContext, pid: number) {
    const { pulseMs, silentMs } = order.limits
    const most = Math.ceil((silentMs * PATIENCE) / pulseMs)
    const seconds = Math.round((most * pulseMs) / 1_000)
    const reason = `member ${rank} (${places[rank]?.host}): its member program stood still for ${seconds} s, as one that somebody has stopped`
    const lost: LostNews = { hive: "lost", rank, member: rank, code: "engine_stopped", reason }
    const words = [pid, pulseMs / 1_000, most, JSON.stringify(lost)].map(String)
    const guard = { command: "/usr/bin/perl", arguments: ["-e", SOURCE, ...words], isBeside: true }
    this.#guardian = new Guardian(guard, clock)
    void ticks(clock, pulseMs, 0, this.#over.signal, () => this.#guardian.say("."))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort()
    this.#guardian.release()
    await this.#guardian.gone
  }
}
