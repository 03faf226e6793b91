/** A table in the layout of its paper: published numbers, ours, verdicts and progress. */
import { Box, Progress, Text } from '@mantine/core';
import { publishedText, rangeText } from '#contract/answerText';
import { metricText, plural } from '#contract/format';
import type { Answer, TableState } from '#contract/papers';
import { marks, marksOf, tableGrid } from '#pictures/tableGrid';
import { StateBadge } from '../../components/StateBadge.tsx';
import { VerdictBadge } from './VerdictBadge.tsx';
import { isUnderWay } from './wishes.ts';
import { activityOf, shareOf } from './words.ts';

interface AnswerGridProps {
  state: TableState;
  onOpen(cell: string): void;
}

export function AnswerGrid({ state, onOpen }: AnswerGridProps) {
  const { columns, rows } = tableGrid(state);
  return (
    <div className="paper-grid" data-wide={columns.length > 5 || undefined}>
      <table aria-label={state.table.title}>
        <thead>
          <tr>
            <td />
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
        <span className="answer-parts">
          {published ? (
            <>
              <span>
                {publishedText(published)}
                {marksOf(answer).map((name) => (
                  <sup key={name} title={marks[name].means}>
                    {marks[name].sign}
                  </sup>
                ))}
                {metric === 'mae' && <span className="dimmed"> error</span>}
              </span>
              {published.runs !== null && <span className="dimmed">{plural(published.runs, 'run')}</span>}
            </>
          ) : (
            <span className="dimmed">no number</span>
          )}
        </span>
      </span>
      {judgement.mean !== null && (
        <span className="answer-line">
          <span className="answer-label">Ours</span>
          <span className="answer-parts">
            <b>{metricText(judgement.mean, metric)}</b>
            {judgement.seeds > 1 && <span className="dimmed">({rangeText(judgement)})</span>}
            <span className="dimmed">{plural(judgement.seeds, 'seed')}</span>
          </span>
        </span>
      )}
      <VerdictBadge answer={answer} />
      {needs !== null && (
        <Text span className="answer-needs" size="xs" c="dimmed" lineClamp={2} title={needs}>
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
