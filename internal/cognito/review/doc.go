// Package review finds settings of a pool and its clients that weaken it, in the
// form the API describes them. It decides nothing and asks nobody: what is found is
// for people, who may have reasons for it.
package review
