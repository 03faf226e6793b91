/** A table as its paper has it, rows × columns: published numbers, ours, verdicts, and what runs. */
import { Box, Progress, Text } from '@mantine/core';
import type { Answer, TableState } from '#contract/papers';
import { metricValue } from '../../components/format.ts';
import { StateBadge } from '../../components/StateBadge.tsx';
import { VerdictBadge } from './VerdictBadge.tsx';
import { isUnderWay } from './wishes.ts';
import { activityOf, publishedText, rangeText, shareOf, some } from './words.ts';

interface AnswerGridProps {
  state: TableState;
  onOpen(cell: string): void;
}

/** Rows and columns in the order of the paper. */
export function gridOf({ answers }: Pick<TableState, 'answers'>) {
  const columns = [...new Set(answers.map(({ cell }) => cell.column))];
  const rows = [...new Set(answers.map(({ cell }) => cell.row))].map((row) => ({
    row,
    answers: columns.map((column) => answers.find(({ cell }) => cell.row === row && cell.column === column)),
  }));
  return { columns, rows };
}

/** Marks of a published number, explained below the table. */
export const marks = {
  'second-hand': { sign: '†', means: 'second-hand: as another text quotes the publication' },
  floor: { sign: '‡', means: 'the published number is no better than guessing' },
} as const;
export function marksOf({ cell, onFloor }: Answer): (keyof typeof marks)[] {
  return [
    ...(cell.published?.certainty === 'second-hand' ? (['second-hand'] as const) : []),
    ...(onFloor ? (['floor'] as const) : []),
  ];
}

export function AnswerGrid({ state, onOpen }: AnswerGridProps) {
  const { columns, rows } = gridOf(state);
  return (
    <div className="paper-grid">
      <table aria-label={state.table.title}>
        <thead>
          <tr>
            <th scope="col">
              <span className="dimmed">
                {state.answers.some(({ metric }) => metric === 'mae') ? 'Task, metric' : ''}
              </span>
            </th>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ row, answers }) => (
            <tr key={row}>
              <th scope="row">{row}</th>
              {answers.map((answer, i) =>
                answer ? (
                  <td key={columns[i]}>
                    <CellView answer={answer} onOpen={() => onOpen(answer.cell.id)} />
                  </td>
                ) : (
                  <td key={columns[i]} />
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CellView({ answer, onOpen }: { answer: Answer; onOpen(): void }) {
  const { cell, metric, judgement, needs, runs } = answer;
  const { published } = cell;
  const active = runs.filter(isUnderWay);
  return (
    <button type="button" className="answer" onClick={onOpen} title={published?.source}>
      <span className="answer-line">
        <span className="answer-label">Paper</span>
        {published ? (
          <span>
            {publishedText(published)}
            {marksOf(answer).map((name) => (
              <sup key={name} title={marks[name].means}>
                {marks[name].sign}
              </sup>
            ))}
            <span className="dimmed">
              {metric === 'mae' && ' error'}
              {published.runs !== null && ` · ${some(published.runs, 'run')}`}
            </span>
          </span>
        ) : (
          <span className="dimmed">no number</span>
        )}
      </span>
      {judgement.mean !== null && (
        <span className="answer-line">
          <span className="answer-label">Ours</span>
          <span>
            <b>{metricValue(judgement.mean, metric)}</b>{' '}
            <span className="dimmed">
              {judgement.seeds > 1 && `(${rangeText(judgement)}) `}· {some(judgement.seeds, 'seed')}
            </span>
          </span>
        </span>
      )}
      <VerdictBadge answer={answer} />
      {needs !== null && (
        <Text span size="xs" c="dimmed" lineClamp={2} title={needs}>
          {needs}
        </Text>
      )}
      {activityOf(runs).map(({ state, text }) => (
        <Box key={state} component="span" fz="xs">
          <StateBadge state={state} text={text} />
        </Box>
      ))}
      {active.length > 0 && (
        <Progress
          component="span"
          display="block"
          size={3}
          w="100%"
          value={100 * shareOf(active)}
          aria-label={`${cell.id}: under way`}
        />
      )}
    </button>
  );
}
