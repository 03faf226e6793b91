export function compileCachePath(environment?: NodeJS.ProcessEnv, platform?: NodeJS.Platform, home?: string): string;
export function compileCacheFolder(environment?: NodeJS.ProcessEnv, uid?: number): string | null;
