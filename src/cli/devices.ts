import { alignColumns, type CommandRow, print, readApp } from './command.ts';

export const devicesCommand: CommandRow = {
  add(program) {
    program
      .command('devices')
      .description('try every device and say what each unusable one lacks')
      .option('--json', 'print {"devices": […]}')
      .action(({ json }: { json?: boolean }) =>
        readApp(async (app) => {
          const found = await app.devices.list();
          const rows = found.map(({ name, available }) => [name, available ? 'works' : 'cannot be used']);
          const reasons = found
            .filter((d) => !d.available)
            .map(({ name, why, help, command }) => `\n${name}: ${why}\n  ${help}${command ? `\n    ${command}` : ''}`);
          const hasDetail = found.some(({ detail }) => detail);
          if (hasDetail) reasons.push('\nThe messages of the runtimes: permafrost devices --json');
          print(json, { devices: found }, () => [alignColumns(['device', ''], rows), ...reasons].join('\n'));
        }),
      );
  },
};
