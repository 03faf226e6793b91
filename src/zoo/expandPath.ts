/** Expands `~` and variables in paths from the environment, like Python's os.path.expandvars(os.path.expanduser(path)). */
import { homedir } from 'node:os';

interface Rules {
  /** The variable that contains the user's folder. */
  folder: string;
  /** Matches that folder at the beginning of a path. Another user's folder (`~name`) stays as it is. */
  home: RegExp;
  variable: RegExp;
}

const posix: Rules = { folder: 'HOME', home: /^~(?=\/|$)/, variable: /\$(?:(\w+)|\{([^}]*)\})/g };
const windows: Rules = {
  folder: 'USERPROFILE',
  home: /^~(?=[/\\]|$)/,
  variable: /\$(?:(\w+)|\{([^}]*)\})|%([^%]+)%/g,
};

/** Replaces `~` and variables in a path. Variables that are not set stay as they are. */
export function expandPath(path: string, environment: NodeJS.ProcessEnv, platform = process.platform): string {
  const { folder, home, variable } = platform === 'win32' ? windows : posix;
  const own = (environment[folder] ?? homedir()).replace(/\/+$/, '');
  const whole = path.replace(home, () => own) || (path && '/');
  return whole.replace(variable, (text, ...names: (string | undefined)[]) => {
    const name = names.slice(0, 3).find((each) => typeof each === 'string') ?? '';
    return Object.hasOwn(environment, name) ? (environment[name] ?? text) : text;
  });
}
