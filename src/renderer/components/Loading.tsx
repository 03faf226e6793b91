/** A spinner while the first answer is awaited. It appears after a moment, so that quick answers do not flash. */
import { Center, Loader } from '@mantine/core';
import { useEffect, useState } from 'react';

export function Loading({ what }: { what: string }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 200);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Center py={80} role="status" aria-label={`Loading ${what}`}>
      {shown && <Loader size="sm" />}
    </Center>
  );
}
