/**
 * `node main.ts` with a message channel does one job and exits. It is a separate process because the app must not load the
 * runtime, and because a crash of the runtime must not kill the app.
 */
import { availableParallelism } from 'node:os';
import { describeError } from '#contract/errors';
import { openUntried } from '#trainer/device';
import { attentionOf } from './attention.ts';
import { exportModel } from './exportModel.ts';
import type { JobAnswer, JobName, JobRequest, Jobs } from './jobs.ts';
import { openRunNetwork } from './runNetwork.ts';

/** Half of the cores, because runs may be training. */
const threads = Math.max(1, Math.floor(availableParallelism() / 2));

const jobs: { [K in JobName]: (input: Jobs[K]['input']) => Promise<Jobs[K]['answer']> } = {
  async attention({ sample, ...options }) {
    const network = openRunNetwork(options);
    const device = await openUntried('cpu', { threads, weightFolder: network.weights.folder });
    return attentionOf(network, options.home, device, sample);
  },
  async export({ path, externalData, ...options }) {
    const network = openRunNetwork(options);
    const device = await openUntried('cpu', { threads, weightFolder: network.weights.folder });
    return exportModel(network, { ...options, device, path, externalData });
  },
};

const answer = ({ job, input }: JobRequest): Promise<JobAnswer> =>
  (jobs[job] as (input: unknown) => Promise<unknown>)(input).then(
    (value) => ({ value }),
    (error) => ({ error: describeError(error), stack: String((error as Error).stack) }),
  );

process.once('message', async (request) => {
  const message = await answer(request as JobRequest);
  process.send!(message, undefined, undefined, () => process.exit(0));
});
process.once('disconnect', () => process.exit(1)); // the parent has exited
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {}); // the parent decides about Ctrl-C in a terminal
