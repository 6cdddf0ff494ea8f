import { answerRest } from '#server/http/rest.ts'

export { answerRest as GET, answerRest as POST, answerRest as PUT, answerRest as PATCH, answerRest as DELETE }
