import { existsSync, mkdirSync, writeFileSync, openSync, writeSync, closeSync, readFileSync, readSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import * as tf from '@tensorflow/tfjs-core';
import { compileStep } from '#engine/step';
import { createState } from '#engine/state';
import { adam, constant } from '#engine/optim';
import { openConfig } from '#contract/config';
import { buildModel } from '#models/index';
import { recipeSlots, trainProgram, trainedNames } from '#models/steps';
import { initialize } from '#models/initialize';
const arg = Object.fromEntries(process.argv.slice(2).map(a=>a.split('=')));
const B=+(arg.B??16), profile=!!arg.profile;
const config=openConfig({params:{task:'mnist',pretrained:false,batch_size:B,...(arg.drop?{body_dropout:+arg.drop,dropout:+arg.drop}:{}),...(arg.L?{n_layer:+arg.L}:{})},args:{}});
const model=buildModel(config,{tokens:49,width:16,inputDim:16,outputDim:10,embedding:false});
const names=Object.keys(model.parameters).filter(model.isUsed);
mkdirSync('bench/.cache',{recursive:true});
const file='bench/.cache/w.bin';
let at=0;const off:any={};for(const n of names){const l=4*model.parameters[n].reduce((a,b)=>a*b,1);off[n]=[at,l];at+=l}
if(!existsSync(file)){const fd=openSync(file,'w');for(const n of names){writeSync(fd,new Uint8Array(model.initialValue(n,1).buffer));}closeSync(fd)}
const frozen=Object.fromEntries(names.filter(n=>!model.isTrainable(n)).map(n=>[n,{shape:model.parameters[n],file:{name:'w.bin',offset:off[n][0],length:off[n][1]},read(){const a=new Float32Array(off[n][1]/4);const fd=openSync(file,'r');readSync(fd,new Uint8Array(a.buffer),0,off[n][1],off[n][0]);closeSync(fd);return a}}]));
const recipe={model,loss:(l:tf.Tensor,y:tf.Tensor)=>{const z=tf.reshape(l,[B,10]);return tf.mean(tf.neg(tf.sum(tf.mul(tf.logSoftmax(z),tf.oneHot(tf.cast(y,'int32'),10)),-1)))},optimizer:adam(),schedule:constant(),clip:1};
const init=Object.fromEntries(trainedNames(model).map(n=>[n,{shape:model.parameters[n],data:model.initialValue(n,1)}]));
const state=createState({...init,...recipeSlots(recipe,false)});
const runtime:any = {Tensor:ort.Tensor,InferenceSession:{create:(b:any,o:any)=>ort.InferenceSession.create(b,{...o,...JSON.parse(process.env.OPT??'{}'),...(profile?{enableProfiling:true,profileFilePrefix:'/tmp/w/prof'}:{}),...(arg.save?{optimizedModelFilePath:'/tmp/w/opt.onnx'}:{})})}};
const sess:any[]=[];
const step=await compileStep(trainProgram(recipe),{state,inputs:{x:{shape:[B,49,16]},y:{shape:[B],dtype:'int32'},lr:{shape:[]}},frozen,device:{kind:'onnx',name:'cpu',runtime,providers:['cpu'],threads:+(arg.threads??2),weightFolder:process.cwd()+'/bench/.cache',fusedMatMul:true}});
console.log(step.stats);
const x=initialize({normal:1},[B*49*16],3,'x'),y=Int32Array.from({length:B},(_,i)=>i%10),lr=Float32Array.of(1e-3);
const ms=[];let r;
for(let i=0;i<+(arg.n??6);i++){const t=performance.now();r=await step.run({x,y,lr},[1,i]);ms.push(Math.round(performance.now()-t));if(i<2||i>3)console.log(i,ms.at(-1),r.loss[0],r.gradNorm[0])}
ms.sort((a,b)=>a-b);
console.log('median',ms[ms.length>>1],'min',ms[0],'rss',readFileSync('/proc/self/status','utf8').match(/VmRSS:\s+(\d+)/)![1],readFileSync('/proc/self/status','utf8').match(/VmHWM:\s+(\d+)/)![1]);
if(profile)await step.release();
