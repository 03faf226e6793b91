/** The tRPC procedures that the window calls, each over one service. */
import { initTRPC, tracked } from '@trpc/server';
import { z } from 'zod';
import './issueTexts.ts';
import { attentionLayer, checkpointChoice } from './analysis.ts';
import { clusterSettings, launcherName } from './cluster.ts';
import { configSchema } from './config.ts';
import { configFile } from './configFile.ts';
import { describeError, PermafrostError } from './errors.ts';
import { datasetName, localPath, modelName, revision, runId, runTag } from './names.ts';
import { metricKey } from './run.ts';
import { mostPoints } from './runServices.ts';
import type { Services } from './services.ts';
import { streamValues } from './streamValues.ts';
import { profiles, reproduceRequest, toleranceSchema } from './tableState.ts';

/** The context of a call, from its transport. */
export interface CallContext {
  services: Services;
  /** Resolves when the client can receive an answer and it is this call's turn. */
  drain(): Promise<void> | void;
}

const t = initTRPC.context<CallContext>().create({
  // the client gets only the code and the message, not the stack
  errorFormatter: ({ shape, error }) => {
    const { cause } = error;
    const { code, message } = describeError(wrongInput(cause) ?? cause ?? error);
    const data = { ...shape.data, reason: code, stack: undefined };
    if (cause === undefined) return { ...shape, data }; // an error of tRPC itself: unknown procedure
    return { ...shape, message, data };
  },
});
const { router } = t;

/** Answers to queries and events wait until the client can receive them; mutations do not wait. */
const procedure = t.procedure.use(async ({ ctx, type, next }) => {
  if (type === 'query') await ctx.drain();
  const result = await next();
  if (type !== 'subscription' || !result.ok) return result;
  return { ...result, data: drained(result.data as AsyncIterable<unknown>, ctx) };
});

async function* drained(events: AsyncIterable<unknown>, { drain }: CallContext) {
  await drain();
  for await (const event of events) {
    yield event;
    await drain();
  }
}

/** The first problems of an input, one per line; null for other errors. */
function wrongInput(cause: unknown): PermafrostError | null {
  if (!(cause instanceof z.ZodError)) return null;
  const lines = cause.issues
    .slice(0, 3)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  return new PermafrostError('config', lines.join('\n'), { cause });
}

// the app has one thread: limits on inputs keep a call from blocking the others
const id = runId;
const name = z.string().min(1).max(200);
const ids = z.array(id).max(10_000, 'One call takes at most 10,000 runs; choose fewer');
const place = z.int().min(0);
/** The largest number of points of a curve; to get every point, request one range of steps after the other. */
const points = z.int().min(1).max(mostPoints).default(mostPoints);
const one = procedure.input(z.object({ id }));
const some = procedure.input(z.object({ ids }));
const withConfig = procedure.input(z.object({ config: configSchema }));
const settings = z.record(z.string(), z.unknown());
const ofModel = procedure.input(z.object({ name: modelName }));
const ofDataset = procedure.input(z.object({ name: datasetName }));
const text = z.string().max(100_000);
const tags = z.array(runTag).max(100);

/** Adds to each event the number from which a reconnecting page continues. */
async function* numbered<T extends { seq: number }>(events: AsyncIterable<T>) {
  for await (const event of events) yield tracked(String(event.seq), event);
}

export const appRouter = router({
  runs: router({
    list: procedure.query(({ ctx }) => ctx.services.runs.list()),
    get: one.query(({ ctx, input }) => ctx.services.runs.get(input.id)),
    create: procedure
      .input(
        z.object({
          configs: z.array(configSchema).min(1).max(1000, 'One call makes at most 1000 runs; make fewer'),
          tags: tags.optional(),
          launcher: launcherName.optional(),
        }),
      )
      .mutation(async ({ ctx: { services }, input: { configs, tags, launcher } }) => {
        if (launcher !== 'slurm') await services.devices.require(configs); // a node may have other devices
        return services.runs.create(configs, tags, launcher);
      }),
    resume: one.mutation(({ ctx, input }) => void ctx.services.runs.resume(input.id)),
    pause: one.mutation(({ ctx, input }) => ctx.services.runs.pause(input.id)),
    stop: one.mutation(({ ctx, input }) => ctx.services.runs.stop(input.id)),
    tag: procedure
      .input(z.object({ id, add: tags, remove: z.array(text).max(100).optional() }))
      .mutation(({ ctx, input }) => void ctx.services.runs.tag(input.id, input.add, input.remove)),
    note: procedure
      .input(z.object({ id, text, over: text.optional() }))
      .mutation(({ ctx, input }) => ctx.services.runs.note(input.id, input.text, input.over)),
    archive: procedure
      .input(z.object({ ids, archived: z.boolean() }))
      .mutation(({ ctx, input }) => ctx.services.runs.archive(input.ids, input.archived)),
    trash: some.mutation(({ ctx, input }) => ctx.services.runs.trash(input.ids)),
    restore: some.mutation(({ ctx, input }) => ctx.services.runs.restore(input.ids)),
    emptyTrash: procedure.mutation(({ ctx }) => ctx.services.runs.emptyTrash()),
    curve: procedure
      .input(z.object({ id, key: metricKey, points, from: place.optional(), to: place.optional() }))
      .query(({ ctx, input: { id, key, ...range } }) => ctx.services.runs.curve(id, key, range)),
    clock: procedure
      .input(z.object({ id, points }))
      .query(({ ctx, input }) => ctx.services.runs.clock(input.id, input.points)),
    log: one.query(({ ctx, input }) => ctx.services.runs.log(input.id)),
    checkpoints: one.query(({ ctx, input }) => ctx.services.runs.checkpoints(input.id)),
    frozen: one.query(({ ctx, input }) => ctx.services.runs.frozen(input.id)),
    /** `after` says where to begin; a reconnecting tRPC link sends `lastEventId` by itself. */
    events: procedure
      .input(z.object({ id, after: place.optional(), lastEventId: z.coerce.number().pipe(place).optional() }))
      .subscription(({ ctx, input: { id, after, lastEventId }, signal }) =>
        numbered(ctx.services.runs.events(id, lastEventId ?? after ?? null, signal)),
      ),
    changes: procedure.subscription(({ ctx, signal }) => ctx.services.runs.changes(signal)),
  }),
  analysis: router({
    attention: procedure
      .input(z.object({ id, checkpoint: checkpointChoice, sample: place, layer: place }))
      .query(async ({ ctx, input: { id, layer, ...options } }) =>
        attentionLayer(await ctx.services.analysis.attention(id, options), layer),
      ),
  }),
  config: router({
    open: procedure
      .input(z.object({ json: z.unknown() }))
      .query(({ ctx, input }) => ctx.services.config.open(input.json)),
    problems: procedure
      .input(z.object({ settings, changes: z.record(z.string(), settings) }))
      .query(({ ctx, input }) => ctx.services.config.problems(input.settings, input.changes)),
    file: withConfig.query(({ input }) => configFile(input.config)),
    estimate: withConfig.query(({ ctx, input }) => ctx.services.config.estimate(input.config)),
    gpuMemory: withConfig.query(({ ctx, input }) => ctx.services.config.gpuMemory(input.config)),
    catalogue: procedure.query(({ ctx }) => ctx.services.config.catalogue()),
  }),
  queue: router({
    get: procedure.query(({ ctx }) => ctx.services.queue.get()),
    move: procedure
      .input(z.object({ id, place }))
      .mutation(({ ctx, input }) => ctx.services.queue.move(input.id, input.place)),
    pause: procedure.mutation(({ ctx }) => ctx.services.queue.pause()),
    resume: procedure.mutation(({ ctx }) => ctx.services.queue.resume()),
    setSlots: procedure
      .input(z.object({ slots: z.int().min(1).max(64) }))
      .mutation(({ ctx, input }) => ctx.services.queue.setSlots(input.slots)),
  }),
  cluster: router({
    settings: procedure.query(({ ctx }) => ctx.services.cluster.settings()),
    save: procedure.input(clusterSettings).mutation(({ ctx, input }) => ctx.services.cluster.save(input)),
    state: procedure.query(({ ctx }) => ctx.services.cluster.state()),
    script: procedure
      .input(z.object({ runs: z.int().min(1).max(10_000) }))
      .query(({ ctx, input }) => ctx.services.cluster.script(input.runs)),
  }),
  devices: router({
    list: procedure
      .input(z.object({ again: z.boolean() }).optional())
      .query(({ ctx, input }) => ctx.services.devices.list(input?.again)),
    live: procedure.subscription(({ ctx, signal }) => ctx.services.devices.live(signal)),
  }),
  data: router({
    list: procedure.query(({ ctx }) => ctx.services.data.list()),
    startPull: procedure
      .input(z.object({ name: datasetName, from: localPath.optional() }))
      .mutation(({ ctx, input: { name, from } }) => ctx.services.data.startPull(name, from)),
    pause: ofDataset.mutation(({ ctx, input }) => ctx.services.data.pause(input.name)),
    cancel: ofDataset.mutation(({ ctx, input }) => ctx.services.data.cancel(input.name)),
    /** All pulls of the session, whenever a pull or the list of data sets changes. */
    pulls: procedure.subscription(({ ctx: { services }, signal }) =>
      streamValues(services.data.subscribe, services.data.pulls, signal),
    ),
    verify: ofDataset.query(({ ctx, input }) => ctx.services.data.verify(input.name)),
    rm: ofDataset.mutation(({ ctx, input }) => ctx.services.data.rm(input.name)),
    removed: procedure.query(({ ctx }) => ctx.services.data.removed()),
    restore: ofDataset.mutation(({ ctx, input }) => ctx.services.data.restore(input.name)),
    samples: procedure
      .input(z.object({ config: configSchema, split: z.enum(['train', 'test']), count: z.int().min(1).max(64) }))
      .query(({ ctx, input: { config, split, count } }) => ctx.services.data.samples(config, { split, count })),
    floor: withConfig.query(({ ctx, input }) => ctx.services.data.floor(input.config)),
  }),
  zoo: router({
    list: procedure.query(({ ctx }) => ctx.services.zoo.list()),
    /** The unusable entries of the user's list of added models, with reasons. */
    warnings: procedure.query(({ ctx }) => ctx.services.zoo.warnings()),
    removed: procedure.query(({ ctx }) => ctx.services.zoo.removed()),
    fit: procedure
      .input(
        z.object({ names: z.array(modelName).max(1000), batch: z.int().min(1).max(1_000_000), frozen: z.boolean() }),
      )
      .query(({ ctx, input: { names, batch, frozen } }) =>
        names.map((name) => ({ name, ...ctx.services.zoo.fit(name, batch, frozen) })),
      ),
    startPull: ofModel.mutation(({ ctx, input }) => ctx.services.zoo.startPull(input.name)),
    pause: ofModel.mutation(({ ctx, input }) => ctx.services.zoo.pause(input.name)),
    cancel: ofModel.mutation(({ ctx, input }) => ctx.services.zoo.cancel(input.name)),
    /** All pulls of the session, whenever a pull or the list of models changes. */
    pulls: procedure.subscription(({ ctx: { services }, signal }) =>
      streamValues(services.zoo.subscribe, services.zoo.pulls, signal),
    ),
    rm: ofModel.mutation(({ ctx, input }) => ctx.services.zoo.rm(input.name)),
    restore: ofModel.mutation(({ ctx, input }) => ctx.services.zoo.restore(input.name)),
    verify: ofModel.mutation(({ ctx, input }) => ctx.services.zoo.verify(input.name)),
    add: procedure
      .input(z.object({ source: localPath, name: modelName.optional(), revision: revision.optional() }))
      .mutation(({ ctx, input: { source, ...options } }) => ctx.services.zoo.add(source, options)),
  }),
  tables: router({
    list: procedure.query(({ ctx }) => ctx.services.tables.list()),
    onFloor: procedure.query(({ ctx }) => ctx.services.tables.onFloor()),
    state: procedure
      .input(z.object({ table: name, profile: z.enum(profiles), tolerance: toleranceSchema.optional() }))
      .query(({ ctx, input }) => ctx.services.tables.state(input.table, input.profile, input.tolerance)),
    plan: procedure.input(reproduceRequest).query(({ ctx, input }) => ctx.services.tables.plan(input)),
    reproduce: procedure.input(reproduceRequest).mutation(({ ctx, input }) => ctx.services.tables.reproduce(input)),
  }),
  home: procedure.query(({ ctx }) => ctx.services.home),
});

export type AppRouter = typeof appRouter;
/** The procedures as plain functions. */
export const createCaller = t.createCallerFactory(appRouter);
