package main

import "time"

// sleep is the pause between two questions to a process that starts.
func sleep() { time.Sleep(25 * time.Millisecond) }
